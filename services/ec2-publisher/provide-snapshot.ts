import { createHash } from 'node:crypto'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import { messageOf, TransientError } from '#service/errors.ts'
import { codeOf, isBusy, isMissing } from './aws-errors.ts'
import type { UploadOrder } from './cloud.ts'
import type { Extent } from './extents.ts'
import { findSnapshots, where } from './find.ts'
import type { Region } from './region.ts'
import { removeSnapshot } from './remove.ts'
import { digestTag, tagsOf } from './tags.ts'
import { uploadBlocks } from './upload-blocks.ts'
import { patiently, pollUntil, untilSeen, type Pace } from './wait.ts'

const gibibyte = 1024 ** 3
/** AWS gives an upload up without a block for so long; the longest it allows, so that a stopped drop can go on. */
const timeoutMinutes = 4320
/** A client token whose snapshot was deleted is used up; so many times we take the next. */
const generations = 5

interface Provision {
  readonly extents: readonly Extent[]
  readonly connections: number
  readonly pace: Pace
  readonly onBytes: (count: number) => void
}

/**
 * Gives the id of the completed snapshot that holds the order's disk: the one that is there, a begun one after every block was
 * put again, or a new one. Only a snapshot whose content was checked against the digest is ever completed.
 */
export async function provideSnapshot(region: Region, order: UploadOrder, provision: Provision): Promise<string> {
  const { pace } = provision
  const found = await findSnapshots(
    region,
    pace,
    where('tag:Name', order.name),
    where(`tag:${digestTag}`, order.disk.sha256),
  )
  const completed = found.find((one) => one.State === 'completed')
  if (completed?.SnapshotId !== undefined) return completed.SnapshotId
  for (const one of found) if (one.State === 'error') await removeSnapshot(region, one.SnapshotId ?? '', pace)

  let begun = found.find((one) => one.State === 'pending')?.SnapshotId ?? null
  for (let generation = 0; generation < generations; generation += 1) {
    const snapshotId = begun ?? (await startSnapshot(region, order, generation, pace))
    if (snapshotId !== null && (await fillSnapshot(region, snapshotId, order, provision))) {
      await completion(region, snapshotId, pace)
      return snapshotId
    }
    begun = null
  }
  throw new TransientError(
    `${order.name}: the snapshots of ${String(generations)} client tokens in ${region.name} were deleted`,
  )
}

/** Null when the token is that of a snapshot which was deleted: it started long ago and is not there. */
async function startSnapshot(
  region: Region,
  order: UploadOrder,
  generation: number,
  pace: Pace,
): Promise<string | null> {
  const request = {
    VolumeSize: Math.max(1, Math.ceil(order.disk.size / gibibyte)),
    Description: order.name,
    ClientToken: clientToken(region, order, generation),
    Timeout: timeoutMinutes,
    Tags: tagsOf(order),
  }
  const begun = await patiently(() => region.ebs.startSnapshot(request, { abortSignal: pace.signal }), isBusy, pace)
  const { SnapshotId: snapshotId = '', StartTime: startTime } = begun
  const age = Date.now() - (startTime?.getTime() ?? Date.now())
  if (age < untilSeen(pace).patience) return snapshotId
  const [there] = await findSnapshots(region, pace, where('snapshot-id', snapshotId))
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
  provision: Provision,
): Promise<boolean> {
  const { pace } = provision
  try {
    const sent = await uploadBlocks(region, { ...provision, snapshotId, disk: order.disk })
    const seal = {
      SnapshotId: snapshotId,
      ChangedBlocksCount: sent.count,
      Checksum: sent.checksum,
      ChecksumAlgorithm: 'SHA256',
      ChecksumAggregationMethod: 'LINEAR',
    } as const
    await patiently(() => region.ebs.completeSnapshot(seal, { abortSignal: pace.signal }), isBusy, pace)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    if (error instanceof ArtifactCorrupted) await removeSnapshot(region, snapshotId, pace)
    if (codeOf(error) !== 'ValidationException') throw error
    return await wasSealed(region, snapshotId, error, pace)
  }
}

/** AWS refuses blocks for a snapshot that is complete or about to be; one that never gets there holds other blocks. */
async function wasSealed(region: Region, snapshotId: string, refusal: unknown, pace: Pace): Promise<boolean> {
  try {
    await completion(region, snapshotId, pace)
    return true
  } catch (error) {
    if (!(error instanceof TransientError)) throw error
    await removeSnapshot(region, snapshotId, pace)
    throw new TransientError(`${snapshotId} was given up: ${messageOf(refusal)}`, { cause: refusal })
  }
}

async function completion(region: Region, snapshotId: string, pace: Pace): Promise<void> {
  await pollUntil(
    `${snapshotId} in ${region.name} completed`,
    async () => {
      const [seen] = await findSnapshots(region, pace, where('snapshot-id', snapshotId))
      if (seen?.State === 'error')
        throw new TransientError(`${snapshotId} ended in error: ${seen.StateMessage ?? 'no reason given'}`)
      return seen?.State === 'completed' ? true : null
    },
    pace,
  )
}
