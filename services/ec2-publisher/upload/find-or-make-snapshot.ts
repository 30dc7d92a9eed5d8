import { createHash } from 'node:crypto'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import { pollUntil } from '#publishing/wait.ts'
import { messageOf, TransientError } from '#service/errors.ts'
import { codeOf } from '#publishing/sdk-errors.ts'
import { assertUnencryptedByDefault } from '../aws/encryption.ts'
import { isMissing } from '../aws/errors.ts'
import { findSnapshots, where } from '../aws/find.ts'
import { latenessWithin } from '../aws/late.ts'
import type { Region } from '../aws/region.ts'
import { removeSnapshot } from '../aws/remove.ts'
import { digestTag, tagsOf } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import { gibibytesFor } from './disk-blocks.ts'
import type { Extent } from './extents.ts'
import { uploadBlocks } from './upload-blocks.ts'

/** AWS gives an upload up without a block for so long; the longest it allows, so that a stopped drop can go on. */
const timeoutMinutes = 4320
/** A client token whose snapshot cannot be used is used up; so many times we take the next. */
const generations = 5

interface Content {
  readonly extents: readonly Extent[]
  readonly connections: number
  readonly onBytes: (count: number) => void
}

/**
 * Gives the id of the completed snapshot that holds the order's disk: the one that is there, a begun one after every block was
 * put again, or a new one. Only a snapshot whose content was checked against the digest is ever completed.
 */
export async function findOrMakeSnapshot(region: Region, order: UploadOrder, content: Content): Promise<string> {
  const { name, disk } = order
  const ours = await findSnapshots(region, where('tag:Name', name), where(`tag:${digestTag}`, disk.sha256))
  const usable = ours.filter((one) => one.State !== 'error' && one.Encrypted !== true)
  for (const one of ours) if (!usable.includes(one)) await removeSnapshot(region, one.SnapshotId ?? '')
  const completed = usable.find((one) => one.State === 'completed')
  if (completed?.SnapshotId !== undefined) return completed.SnapshotId

  let begun = usable.find((one) => one.State === 'pending')?.SnapshotId ?? null
  for (let generation = 0; generation < generations; generation += 1) {
    const snapshotId = begun ?? (await startSnapshot(region, order, generation))
    if (snapshotId !== null && (await fillSnapshot(region, snapshotId, order, content))) {
      await completion(region, snapshotId)
      return snapshotId
    }
    begun = null
  }
  throw new TransientError(
    `${name}: the snapshots of ${String(generations)} client tokens in ${region.name} were deleted, or are encrypted`,
  )
}

/** Null when the client token is that of a snapshot which cannot be used: it was deleted, or it is encrypted. */
async function startSnapshot(region: Region, order: UploadOrder, generation: number): Promise<string | null> {
  const begun = await region.ebs.startSnapshot({
    VolumeSize: gibibytesFor(order.disk.size),
    Description: order.name,
    ClientToken: clientToken(region, order, generation),
    Timeout: timeoutMinutes,
    Tags: tagsOf(order),
  })
  const { SnapshotId: snapshotId = '', StartTime: startTime, KmsKeyArn: key } = begun
  if (key !== undefined) {
    await removeSnapshot(region, snapshotId)
    // Turned on since we looked; or off again, and the token still stands for the encrypted one.
    await assertUnencryptedByDefault(region)
    return null
  }
  const age = Date.now() - (startTime?.getTime() ?? Date.now())
  if (age < latenessWithin(region.pace)) return snapshotId
  const [there] = await findSnapshots(region, where('snapshot-id', snapshotId))
  return there && there.State !== 'error' ? snapshotId : null
}

/**
 * The AMI's name is in it besides digest and region: a snapshot belongs to one AMI, so that withdrawing a drop never
 * takes the disk of another one that happens to hold the same bits.
 */
function clientToken(region: Region, { name, disk }: UploadOrder, generation: number): string {
  return createHash('sha256')
    .update([disk.sha256, region.name, name, String(generation)].join('\n'))
    .digest('hex')
}

/** False when the snapshot is gone. Someone who was here before, or is here too, may have sealed it already. */
async function fillSnapshot(
  region: Region,
  snapshotId: string,
  order: UploadOrder,
  content: Content,
): Promise<boolean> {
  try {
    const sent = await uploadBlocks(region, { ...content, snapshotId, disk: order.disk })
    await region.ebs.completeSnapshot({
      SnapshotId: snapshotId,
      ChangedBlocksCount: sent.count,
      Checksum: sent.checksum,
      ChecksumAlgorithm: 'SHA256',
      ChecksumAggregationMethod: 'LINEAR',
    })
    return true
  } catch (error) {
    if (isMissing(error)) return false
    if (error instanceof ArtifactCorrupted) await removeSnapshot(region, snapshotId)
    if (codeOf(error) !== 'ValidationException') throw error
    return await wasSealed(region, snapshotId, error)
  }
}

/** AWS refuses blocks for a snapshot that is complete or about to be; one that never gets there holds other blocks. */
async function wasSealed(region: Region, snapshotId: string, refusal: unknown): Promise<boolean> {
  try {
    await completion(region, snapshotId)
    return true
  } catch (error) {
    if (!(error instanceof TransientError)) throw error
    await removeSnapshot(region, snapshotId)
    throw new TransientError(`${snapshotId} was given up: ${messageOf(refusal)}`, { cause: refusal })
  }
}

async function completion(region: Region, snapshotId: string): Promise<void> {
  await pollUntil(
    `${snapshotId} in ${region.name} completed`,
    async () => {
      const [seen] = await findSnapshots(region, where('snapshot-id', snapshotId))
      if (seen?.State === 'error')
        throw new TransientError(`${snapshotId} ended in error: ${seen.StateMessage ?? 'no reason given'}`)
      return seen?.State === 'completed' ? true : null
    },
    region.pace,
  )
}
