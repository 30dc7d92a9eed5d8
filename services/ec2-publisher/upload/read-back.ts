import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { PermanentError } from '#service/errors.ts'
import type { Region } from '../aws/region.ts'
import type { UploadOrder } from '../cloud.ts'
import { blockSize } from './disk-blocks.ts'

interface Listed {
  readonly BlockIndex?: number | undefined
  readonly BlockToken?: string | undefined
}

/**
 * Reads some blocks of a completed snapshot back, spread over all of it, and compares them with the disk. Throws when one
 * differs: a snapshot that was copied or kept wrongly must not be found out by those who start it.
 */
export async function assertReadsBack(
  { ebs, name }: Region,
  snapshotId: string,
  { disk }: UploadOrder,
  samples: number,
): Promise<void> {
  const listed = await listBlocks()
  await using file = await open(disk.path)
  for (const { BlockIndex: index = 0, BlockToken: token } of spread(listed, samples)) {
    const ours = Buffer.alloc(blockSize)
    await file.read(ours, 0, blockSize, index * blockSize)
    const got = await ebs.getSnapshotBlock({ SnapshotId: snapshotId, BlockIndex: index, BlockToken: token })
    const theirs = Buffer.from((await got.BlockData?.transformToByteArray()) ?? [])
    if (theirs.equals(ours)) continue
    throw new PermanentError(
      'environment',
      `block ${String(index)} of ${snapshotId} in ${name} reads back as ${digestOf(theirs)}, the disk ${disk.sha256} has ` +
        `${digestOf(ours)} there; deregister its AMI and delete the snapshot, then retry`,
    )
  }

  async function listBlocks(): Promise<Listed[]> {
    const blocks: Listed[] = []
    for (let next: string | undefined, first = true; first || next !== undefined; first = false) {
      const page = await ebs.listSnapshotBlocks({ SnapshotId: snapshotId, NextToken: next })
      blocks.push(...(page.Blocks ?? []))
      next = page.NextToken
    }
    return blocks
  }
}

/** The first, the last, and others at even distances. */
function spread(blocks: readonly Listed[], samples: number): Listed[] {
  if (blocks.length <= samples) return [...blocks]
  const step = (blocks.length - 1) / Math.max(1, samples - 1)
  return Array.from({ length: samples }, (_, number) => blocks[Math.round(number * step)] ?? {})
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}
