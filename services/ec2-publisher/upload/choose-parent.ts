import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { Snapshot } from '@aws-sdk/client-ec2'
import { findSnapshots, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import { digestTag, tagValue } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import type { BlockList, BlockLists } from './block-lists.ts'
import { blocksWithData, blockSize, gibibytesFor, readBlock } from './disk-blocks.ts'
import type { Extent } from '#disk/data-extents.ts'

/** So many blocks of the disk are looked at to tell which snapshot is most like it. */
const samples = 64

/** A snapshot that another one begins as, and what is in it. */
export interface Parent {
  readonly snapshotId: string
  readonly blocks: BlockList
}

/**
 * The snapshot of ours that the least must be sent to after it: as a rule that of the same image in the last drop, or of another
 * flavour of this one. Null when none is better than nothing.
 */
export async function chooseParent(
  region: Region,
  { disk }: UploadOrder,
  { extents, lists }: { readonly extents: readonly Extent[]; readonly lists: BlockLists },
): Promise<Parent | null> {
  const known = await lists.disks()
  if (known.length === 0) return null
  const snapshots = await findSnapshots(region, where('status', 'completed'), where(`tag:${digestTag}`, ...known))
  const indexes = [...blocksWithData(extents, disk.size)]
  const looked = await lookAt(disk, indexes)
  const own = new Set(indexes)
  let best: { readonly parent: Parent; readonly saved: number } | null = null
  for (const snapshot of snapshots.filter((one) => canBeParent(one, disk.size)).toSorted(newestFirst)) {
    const blocks = await lists.read(tagValue(snapshot.Tags, digestTag) ?? '')
    if (blocks === null) continue
    const agreeing = looked.filter(({ index, digest }) => blocks.get(index)?.equals(digest) === true).length
    // What the parent has where the disk has nothing must be sent as zeros.
    const zeros = [...blocks.keys()].filter((index) => !own.has(index)).length
    const saved = (agreeing / Math.max(1, looked.length)) * indexes.length - zeros
    if (saved > (best?.saved ?? 0)) best = { parent: { snapshotId: snapshot.SnapshotId ?? '', blocks }, saved }
  }
  return best?.parent ?? null
}

/** The parent that a snapshot was begun with; null when it is gone, or what is in it is not known any more. */
export async function findParent(region: Region, snapshotId: string, lists: BlockLists): Promise<Parent | null> {
  const [snapshot] = await findSnapshots(region, where('snapshot-id', snapshotId))
  const blocks = await lists.read(tagValue(snapshot?.Tags, digestTag) ?? '')
  return snapshot === undefined || blocks === null ? null : { snapshotId, blocks }
}

/** AWS takes no parent that is larger; one that is encrypted would make an encrypted snapshot. */
function canBeParent({ Encrypted: encrypted, VolumeSize: gibibytes = 0 }: Snapshot, size: number): boolean {
  return encrypted !== true && gibibytes <= gibibytesFor(size)
}

function newestFirst(one: Snapshot, other: Snapshot): number {
  return (other.StartTime?.getTime() ?? 0) - (one.StartTime?.getTime() ?? 0)
}

/** The digests of some blocks of the disk, at even distances. */
async function lookAt({ path, size }: UploadOrder['disk'], indexes: readonly number[]) {
  await using file = await open(path)
  const bytes = Buffer.alloc(blockSize)
  const looked: { index: number; digest: Buffer }[] = []
  const step = Math.max(1, indexes.length / samples)
  for (let at = 0; at < indexes.length; at += step) {
    const index = indexes[Math.floor(at)] ?? 0
    await readBlock(file, { index, size }, bytes)
    looked.push({ index, digest: createHash('sha256').update(bytes).digest() })
  }
  return looked
}
