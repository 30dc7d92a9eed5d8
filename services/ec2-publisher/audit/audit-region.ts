import type { Image, Snapshot } from '@aws-sdk/client-ec2'
import type { AuditFinding, ClaimedDrop } from '#service/audit.ts'
import { findImages, findSnapshots, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { removeProtected, removeUnlessUsed } from '../aws/remove.ts'
import { dropTag, tagValue } from '../aws/tags.ts'
import type { Ec2Settings } from '../config.ts'
import { publishImage } from '../publish/publish-images.ts'

interface Given {
  readonly repair: boolean
  readonly settings: Ec2Settings
}

/** Something that is wrong, and how it is mended if it is ours to mend. */
interface Wrong {
  readonly drop: string | null
  readonly what: string
  readonly mend: { readonly words: string; readonly act: () => Promise<void> } | null
}

/**
 * Compares one region with what drops claim. Two sources: the registrations of the ledger, and what carries our tag. What
 * is tagged with a drop that the ledger does not know may be another imagedrop's: it is told, and never touched.
 */
export async function auditRegion(
  region: Region,
  drops: readonly ClaimedDrop[],
  { repair, settings }: Given,
): Promise<AuditFinding[]> {
  const images = await findTaggedAnd(drops.flatMap((drop) => drop.registrations.filter(isHere).map(({ id }) => id)))
  const snapshots = await findSnapshots(region, where('tag-key', dropTag))
  const byName = new Map(drops.map((drop) => [drop.drop, drop]))
  const wrong = [
    ...drops.filter(({ state }) => state === 'public').flatMap(wrongWith),
    ...images.flatMap((image) => wrongToBeThere(image, `${image.ImageId ?? '?'} (${image.Name ?? '?'})`)),
    ...snapshots.filter(isUnused).flatMap((snapshot) => wrongToBeThere(snapshot, snapshot.SnapshotId ?? '?')),
  ]
  const findings: AuditFinding[] = []
  for (const { drop, what, mend } of wrong) {
    if (repair) await mend?.act()
    findings.push({ place: region.name, drop, what, repair: mend?.words ?? null, repaired: repair && mend !== null })
  }
  return findings

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
    return registrations.filter(isHere).flatMap((registration): Wrong[] => {
      const image = images.find(({ ImageId: id }) => id === registration.id)
      const what = `${registration.id} (${registration.name})`
      if (image === undefined)
        return [{ drop, what: `${what} is not there, or not this account's any more`, mend: null }]
      if (image.State !== 'available') return [{ drop, what: `${what} is ${image.State ?? '?'}`, mend: null }]
      if (image.Public === true) return []
      const how = { publicSnapshot: settings.publicSnapshots, witness: null, protect: false }
      const act = () => publishImage(region, registration, how)
      return [{ drop, what: `${what} is not public`, mend: { words: 'it is made public', act } }]
    })
  }

  /** Our tag is on it, but no drop that stands owns it. */
  function wrongToBeThere(thing: Image | Snapshot, what: string): Wrong[] {
    const drop = tagValue(thing.Tags, dropTag)
    const owner = drop === null ? undefined : byName.get(drop)
    if (drop === null || owner?.isUnderway === true) return []
    if (owner === undefined)
      return [{ drop, what: `${what} is of ${drop}, which this ledger does not know`, mend: null }]
    if (owner.state === 'ended') {
      const act = () => remove(thing)
      return [{ drop, what: `${what} is still there, and ${drop} has ended`, mend: { words: 'it is removed', act } }]
    }
    const isTold = owner.registrations.some(({ id, details }) => [id, details['snapshot']].includes(idOf(thing)))
    if (isTold || owner.state === 'private') return []
    const act = () => remove(thing)
    return [{ drop, what: `${what} is of ${drop}, which does not name it`, mend: { words: 'it is removed', act } }]
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
