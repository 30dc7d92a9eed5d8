import type { Image, Snapshot } from '@aws-sdk/client-ec2'
import type { AuditFinding, ClaimedDrop, ClaimedRegistration } from '#service/audit.ts'
import { settleWrong, wrongToBeThere, type Wrong } from '#publishing/audit-place.ts'
import { findImages, findSnapshots, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { removeProtected, removeUnlessUsed } from '../aws/remove.ts'
import { dropTag, imageTag, tagValue } from '../aws/tags.ts'
import type { Ec2Settings } from '../config.ts'
import { publishImage } from '../publish/publish-images.ts'

interface Given {
  readonly repair: boolean
  readonly settings: Ec2Settings
}

/** How many images and snapshots there were, and what is wrong with them. */
export interface RegionReport {
  readonly looked: number
  readonly findings: readonly AuditFinding[]
}

/**
 * Compares one region with what drops claim. Two sources: the registrations of the ledger, and what carries our tag. What
 * is tagged with a drop that the ledger does not know may be another imagedrop's: it is told, and never touched.
 */
export async function auditRegion(
  region: Region,
  drops: readonly ClaimedDrop[],
  { repair, settings }: Given,
): Promise<RegionReport> {
  const images = await findTaggedAnd(drops.flatMap((drop) => drop.registrations.filter(isHere).map(({ id }) => id)))
  const snapshots = await findSnapshots(region, where('tag-key', dropTag))
  const byName = new Map(drops.map((drop) => [drop.drop, drop]))
  const wrong = [
    ...drops.filter(({ state }) => state === 'public').flatMap(wrongWith),
    ...images.flatMap((image) => wrongThing(image, `${image.ImageId ?? '?'} (${image.Name ?? '?'})`)),
    ...snapshots.filter(isUnused).flatMap((snapshot) => wrongThing(snapshot, snapshot.SnapshotId ?? '?')),
  ]
  return { looked: images.length + snapshots.length, findings: await settleWrong(region.name, wrong, repair) }

  async function findTaggedAnd(ids: readonly string[]): Promise<Image[]> {
    const tagged = await findImages(region, where('tag-key', dropTag))
    const told = ids.length === 0 ? [] : await findImages(region, where('image-id', ...ids))
    const byId = new Map([...tagged, ...told].map((image) => [image.ImageId, image]))
    return [...byId.values()].filter((one) => one.State !== 'deregistered')
  }

  function isHere({ place }: { readonly place: string }): boolean {
    return place === region.name
  }

  /** What a public drop claims and what is not so. */
  function wrongWith({ drop, registrations }: ClaimedDrop): Wrong[] {
    return registrations.filter((one) => isHere(one) && one.isPublic).flatMap((one) => wrongAbout(one, drop))
  }

  function wrongAbout(registration: ClaimedRegistration, drop: string): Wrong[] {
    const image = images.find(({ ImageId: id }) => id === registration.id)
    const what = `${registration.id} (${registration.name})`
    const about = { drop, id: registration.id, image: registration.image, expected: 'public' }
    if (image === undefined) {
      const gone = `${what} is not there, or not this account's any more`
      return [{ ...about, kind: 'gone', found: 'not there', what: gone, mend: null }]
    }
    if (image.State !== 'available') {
      const found = image.State ?? '?'
      return [{ ...about, kind: 'unavailable', found, what: `${what} is ${found}`, mend: null }]
    }
    if (image.Public === true) return []
    const how = { publicSnapshot: settings.publicSnapshots, witness: null, protect: false }
    const act = () => publishImage(region, registration, how)
    const mend = { words: 'it is made public', act }
    return [{ ...about, kind: 'private', found: 'private', what: `${what} is not public`, mend }]
  }

  function wrongThing(thing: Image | Snapshot, name: string): Wrong[] {
    const [drop, image] = [tagValue(thing.Tags, dropTag), tagValue(thing.Tags, imageTag)]
    const id = idOf(thing)
    const isOf = ({ id: told, details }: ClaimedRegistration) => told === id || details['snapshot'] === id
    return wrongToBeThere({ id, what: name, drop, image, isOf, remove: () => remove(thing) }, byName)
  }

  /** The snapshot of an image that is there is found with it. */
  function isUnused({ SnapshotId: id }: Snapshot): boolean {
    return images.every(({ BlockDeviceMappings: mappings = [] }) =>
      mappings.every(({ Ebs: disk }) => disk?.SnapshotId !== id),
    )
  }

  async function remove(thing: Image | Snapshot): Promise<void> {
    if (!('ImageId' in thing)) {
      await removeUnlessUsed(region, idOf(thing))
      return
    }
    await removeProtected(region, thing)
    for (const { Ebs: disk } of thing.BlockDeviceMappings ?? [])
      if (disk?.SnapshotId !== undefined) await removeUnlessUsed(region, disk.SnapshotId)
  }
}

function idOf(thing: Image | Snapshot): string {
  return ('ImageId' in thing ? thing.ImageId : (thing as Snapshot).SnapshotId) ?? '?'
}
