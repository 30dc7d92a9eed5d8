import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { readExtents } from '#disk/data-extents.ts'
import { blockSize, readDisk } from '../../services/ec2-publisher/upload/disk-blocks.ts'

/** How many blocks of 512 KiB EBS is sent of a disk, of how many that hold anything. */
export interface SentShare {
  readonly sent: number
  readonly all: number
}

/** What is sent of a disk when the snapshot that it begins as holds another: by what each block holds, as the upload decides. */
export async function sentAfter(parent: string, disk: string): Promise<SentShare> {
  const [before, after] = [await digestsOf(parent), await digestsOf(disk)]
  const changed = [...after].filter(([index, digest]) => before.get(index) !== digest)
  // Where only the parent has anything, zeros are sent.
  const emptied = [...before.keys()].filter((index) => !after.has(index))
  return { sent: changed.length + emptied.length, all: after.size }
}

async function digestsOf(path: string): Promise<Map<number, string>> {
  const signal = AbortSignal.timeout(600_000)
  const { size } = await stat(path)
  const bytes = Buffer.alloc(blockSize)
  const digests = new Map<number, string>()
  await readDisk(
    { path, size },
    {
      extents: await readExtents(path, signal),
      takeBuffer: () => Promise.resolve(bytes),
      onBlock: (block) => {
        digests.set(block.index, createHash('sha256').update(block.bytes).digest('hex'))
      },
      onZeros: () => {},
      signal,
    },
  )
  return digests
}
