import type { Image, Snapshot } from '@aws-sdk/client-ec2'
import type { AuditFinding, ClaimedDrop, ClaimedRegistration } from '#service/audit.ts'
import { messageOf } from '#service/errors.ts'
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

/** Something that is wrong, and how it is mended if it is ours to mend. */
interface Wrong extends Omit<AuditFinding, 'place' | 'repair' | 'repaired'> {
  readonly mend: { readonly words: string; readonly act: () => Promise<void> } | null
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
    ...images.flatMap((image) => wrongToBeThere(image, `${image.ImageId ?? '?'} (${image.Name ?? '?'})`)),
    ...snapshots.filter(isUnused).flatMap((snapshot) => wrongToBeThere(snapshot, snapshot.SnapshotId ?? '?')),
  ]
  const findings: AuditFinding[] = []
  for (const { mend, ...finding } of wrong) {
    const about = { ...finding, place: region.name, repair: mend?.words ?? null }
    const trouble = repair && mend !== null ? await troubleOf(mend.act()) : null
    if (trouble === null) findings.push({ ...about, repaired: repair && mend !== null })
    else findings.push({ ...about, what: `${finding.what}, which could not be mended: ${trouble}`, repaired: false })
  }
  return { looked: images.length + snapshots.length, findings }

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

  /** Our tag is on it, but no drop that stands owns it. */
  function wrongToBeThere(thing: Image | Snapshot, what: string): Wrong[] {
    const drop = tagValue(thing.Tags, dropTag)
    const owner = drop === null ? undefined : byName.get(drop)
    if (drop === null || owner?.isUnderway === true) return []
    const image = tagValue(thing.Tags, imageTag)
    const about = { drop, id: idOf(thing), image, expected: 'not there', found: 'there' }
    if (owner === undefined) {
      const unknown = `${what} is of ${drop}, which this ledger does not know`
      return [{ ...about, kind: 'unknown', what: unknown, mend: null }]
    }
    const mend = { words: 'it is removed', act: () => remove(thing) }
    if (owner.state === 'ended')
      return [{ ...about, kind: 'left', what: `${what} is still there, and ${drop} has ended`, mend }]
    const isTold = owner.registrations.some(({ id, details }) => [id, details['snapshot']].includes(idOf(thing)))
    if (isTold || owner.state === 'private') return []
    return [{ ...about, kind: 'unclaimed', what: `${what} is of ${drop}, which does not name it`, mend }]
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

/** One repair that is refused keeps nobody from the others. */
async function troubleOf(act: Promise<void>): Promise<string | null> {
  return await act.then(() => null, messageOf)
}

function idOf(thing: Image | Snapshot): string {
  return ('ImageId' in thing ? thing.ImageId : (thing as Snapshot).SnapshotId) ?? '?'
}
