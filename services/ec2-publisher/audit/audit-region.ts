import type { Image, Snapshot } from '@aws-sdk/client-ec2'
import type { AuditFinding, ClaimedDrop, ClaimedRegistration } from '#service/audit.ts'
import { gone, unavailable, wrongWithClaims, type Flaw } from '#publishing/audit-claims.ts'
import { settleWrong, wrongToBeThere, type Marked } from '#publishing/audit-place.ts'
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
  const things = [
    ...images.map((image) => markedBy(image, `${image.ImageId ?? '?'} (${image.Name ?? '?'})`)),
    ...snapshots.filter(isUnused).map((snapshot) => markedBy(snapshot, snapshot.SnapshotId ?? '?')),
  ]
  const wrong = [
    ...(await wrongWithClaims(drops, { place: region.name, expected: 'public', look })),
    ...wrongToBeThere(things, drops),
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

  function look(registration: ClaimedRegistration): Flaw | null {
    const image = images.find(({ ImageId: id }) => id === registration.id)
    if (image === undefined) return gone("not this account's any more")
    if (image.State !== 'available') return unavailable(image.State ?? '?')
    if (image.Public === true) return null
    const how = { publicSnapshot: settings.publicSnapshots, witness: null, protect: false }
    const act = () => publishImage(region, registration, how)
    return { kind: 'private', found: 'private', says: 'is not public', mend: { words: 'it is made public', act } }
  }

  function markedBy(thing: Image | Snapshot, what: string): Marked {
    const [drop, image] = [tagValue(thing.Tags, dropTag), tagValue(thing.Tags, imageTag)]
    const id = idOf(thing)
    const isOf = ({ id: told, details }: ClaimedRegistration) => told === id || details['snapshot'] === id
    return { id, what, drop, image, isOf, remove: () => remove(thing) }
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
