import { createHash } from 'node:crypto'
import type { Snapshot } from '@aws-sdk/client-ec2'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import { pollFor } from '#publishing/wait.ts'
import { messageOf, TransientError } from '#service/errors.ts'
import { codeOf } from '#publishing/sdk-errors.ts'
import { byClockOf, unnoticedOffset } from '../aws/clock.ts'
import { assertUnencryptedByDefault } from '../aws/encryption.ts'
import { isMissing } from '../aws/errors.ts'
import { findSnapshots, where } from '../aws/find.ts'
import { latenessWithin } from '../aws/late.ts'
import { completion, findOurs } from '../aws/own-snapshots.ts'
import type { Region } from '../aws/region.ts'
import { removeNewSnapshot, removeSnapshot } from '../aws/remove.ts'
import { parentTag, tagsOf, tagValue } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import type { BlockLists } from './block-lists.ts'
import { chooseParent, findParent, type Parent } from './choose-parent.ts'
import { blockSize, gibibytesFor } from './disk-blocks.ts'
import type { Extent } from '#disk/data-extents.ts'
import { uploadBlocks } from './upload-blocks.ts'

/** AWS gives an upload up without a block for so long; the longest it allows, so that a stopped drop can go on. */
const timeoutMinutes = 4320
/** A client token whose snapshot cannot be used is used up; so many times we take the next. */
const generations = 5

interface Content {
  readonly extents: readonly Extent[]
  /** What is in the snapshots that were made from here. */
  readonly lists: BlockLists
  readonly connections: number
  readonly onBytes: (count: number) => void
}

/** A completed snapshot that holds the order's disk. */
interface Made {
  readonly snapshotId: string
  /** How many bytes were sent for it; null when another did that. */
  readonly sent: number | null
}

/** A snapshot that takes blocks, and the one that it was begun as. */
interface Begun {
  readonly snapshotId: string
  readonly parent: Parent | null
}

/**
 * Gives the completed snapshot that holds the order's disk: the one that is there, a begun one after every block was put again,
 * or a new one, which begins as the snapshot of ours that is most like it. Only a snapshot whose content was checked against the
 * digest is ever completed.
 */
export async function findOrMakeSnapshot(region: Region, order: UploadOrder, content: Content): Promise<Made> {
  const { name } = order
  const ours = await findOurs(region, order)
  const usable = ours.filter((one) => one.State !== 'error' && one.Encrypted !== true)
  for (const one of ours) if (!usable.includes(one)) await removeSnapshot(region, one.SnapshotId ?? '')
  const completed = usable.find((one) => one.State === 'completed')
  if (completed?.SnapshotId !== undefined) return { snapshotId: completed.SnapshotId, sent: null }

  let begun = await takeUp(region, usable, content.lists)
  for (let generation = 0; generation < generations; generation += 1) {
    begun ??= await beginSnapshot(region, order, content, generation)
    const filled = begun === null ? null : await fillSnapshot(region, begun, order, content)
    if (begun !== null && filled !== null) {
      await completion(region, begun.snapshotId)
      return { snapshotId: begun.snapshotId, sent: filled.sent }
    }
    begun = null
  }
  throw new TransientError(
    `${name}: the snapshots of ${String(generations)} client tokens in ${region.name} were deleted, or are encrypted`,
  )
}

/** The snapshot that an earlier try has begun. One whose parent is not known any more is of no use: nobody can say what lacks. */
async function takeUp(region: Region, ours: readonly Snapshot[], lists: BlockLists): Promise<Begun | null> {
  for (const { SnapshotId: snapshotId = '', Tags: tags } of ours.filter((one) => one.State === 'pending')) {
    const parentId = tagValue(tags, parentTag)
    const parent = parentId === null ? null : await findParent(region, parentId, lists)
    if (parentId === null || parent !== null) return { snapshotId, parent }
    await removeSnapshot(region, snapshotId)
  }
  return null
}

/** A parent that AWS refuses, as one that has just been deleted, is done without. */
async function beginSnapshot(
  region: Region,
  order: UploadOrder,
  content: Content,
  generation: number,
): Promise<Begun | null> {
  const parent = await chooseParent(region, order, content)
  try {
    const snapshotId = await startSnapshot(region, order, parent, generation)
    return snapshotId === null ? null : { snapshotId, parent }
  } catch (error) {
    if (codeOf(error) === 'ConflictException') return await takeUpOnceSeen(region, order, content.lists)
    const isRefused = isMissing(error) || codeOf(error) === 'ValidationException'
    if (parent === null || !isRefused) throw error
    const snapshotId = await startSnapshot(region, order, null, generation)
    return snapshotId === null ? null : { snapshotId, parent: null }
  }
}

/**
 * The client token stands for a snapshot that was begun as another one, a moment ago: it was not to be seen yet when we looked. Null
 * when it does not show, as one that was deleted since.
 */
async function takeUpOnceSeen(region: Region, order: UploadOrder, lists: BlockLists): Promise<Begun | null> {
  const { pace } = region
  const look = async () => {
    const ours = await findOurs(region, order)
    return ours.length === 0 ? null : ours
  }
  const ours = await pollFor(look, { ...pace, patience: latenessWithin(pace) })
  const sealed = ours?.find((one) => one.State === 'completed')
  // Its blocks are refused, and so it is found out to be done.
  if (sealed?.SnapshotId !== undefined) return { snapshotId: sealed.SnapshotId, parent: null }
  return await takeUp(region, ours ?? [], lists)
}

/** Null when the client token is that of a snapshot which cannot be used: it was deleted, or it is encrypted. */
async function startSnapshot(
  region: Region,
  order: UploadOrder,
  parent: Parent | null,
  generation: number,
): Promise<string | null> {
  const ancestry = parent === null ? [] : [{ Key: parentTag, Value: parent.snapshotId }]
  const begun = await region.ebs.startSnapshot({
    VolumeSize: gibibytesFor(order.disk.size),
    Description: order.name,
    ClientToken: clientToken(region, order, generation),
    Timeout: timeoutMinutes,
    Tags: [...tagsOf(order), ...ancestry],
    ...(parent === null ? {} : { ParentSnapshotId: parent.snapshotId }),
  })
  const { SnapshotId: snapshotId = '', StartTime: startTime, KmsKeyArn: key } = begun
  const now = byClockOf(region.ebs).getTime()
  const age = now - (startTime?.getTime() ?? now)
  // A deleted one that is taken for new costs the time until its blocks are given up; a new one that is taken for deleted, another one.
  const isNew = age < latenessWithin(region.pace) + unnoticedOffset
  if (key !== undefined) {
    await (isNew ? removeNewSnapshot : removeSnapshot)(region, snapshotId)
    // Turned on since we looked; or off again, and the token still stands for the encrypted one.
    await assertUnencryptedByDefault(region)
    return null
  }
  if (isNew) return snapshotId
  const [there] = await findSnapshots(region, where('snapshot-id', snapshotId))
  return there && there.State !== 'error' ? snapshotId : null
}

/**
 * The AMI's name is in it besides digest and region: a snapshot belongs to one AMI, so that withdrawing a drop never
 * takes the disk of another one that happens to hold the same bits. The parent is not: another one may be chosen a moment later, and
 * the same token for another request is refused, which tells that there is a snapshot.
 */
function clientToken(region: Region, { name, disk }: UploadOrder, generation: number): string {
  return createHash('sha256')
    .update([disk.sha256, region.name, name, String(generation)].join('\n'))
    .digest('hex')
}

/** Null when the snapshot is gone. Someone who was here before, or is here too, may have sealed it already. */
async function fillSnapshot(
  region: Region,
  { snapshotId, parent }: Begun,
  order: UploadOrder,
  content: Content,
): Promise<{ readonly sent: number | null } | null> {
  try {
    const sent = await uploadBlocks(region, { ...content, snapshotId, parent, disk: order.disk })
    await content.lists.keep(order.disk.sha256, sent.blocks)
    await region.ebs.completeSnapshot({
      SnapshotId: snapshotId,
      ChangedBlocksCount: sent.count,
      Checksum: sent.checksum,
      ChecksumAlgorithm: 'SHA256',
      ChecksumAggregationMethod: 'LINEAR',
    })
    return { sent: sent.count * blockSize }
  } catch (error) {
    if (isMissing(error)) return null
    if (error instanceof ArtifactCorrupted) await removeNewSnapshot(region, snapshotId)
    if (codeOf(error) !== 'ValidationException') throw error
    await assertSealed(region, snapshotId, error)
    return { sent: null }
  }
}

/** AWS refuses blocks for a snapshot that is complete or about to be; one that never gets there holds other blocks. */
async function assertSealed(region: Region, snapshotId: string, refusal: unknown): Promise<void> {
  try {
    await completion(region, snapshotId)
  } catch (error) {
    if (!(error instanceof TransientError)) throw error
    await removeSnapshot(region, snapshotId)
    throw new TransientError(`${snapshotId} was given up: ${messageOf(refusal)}`, { cause: refusal })
  }
}
