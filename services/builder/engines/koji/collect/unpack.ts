import { rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { PermanentError } from '#service/errors.ts'
import { run } from '#subprocess/run.ts'
import { NothingBuilt } from '../../engine.ts'
import { suffixes } from './choose.ts'

export interface UnpackContext {
  readonly signal: AbortSignal
  readonly logFile: string
  /** No disk of a cloud image is larger; what unpacks to more is not unpacked. */
  readonly largest: number
}

/** Makes the raw disk of what was fetched. What was fetched is gone afterwards, so there is one of each at most. */
export async function unpack(fetched: string, disk: string, context: UnpackContext): Promise<void> {
  const suffix = suffixes.find((one) => fetched.endsWith(one))
  switch (suffix) {
    case '.raw.xz':
      await unpackXz(fetched, disk, context)
      break
    case '.qcow2':
      await convertQcow2(fetched, disk, context)
      break
    case '.raw':
    case '.iso':
      await rename(fetched, disk)
      break
    case undefined:
      throw new NothingBuilt(`${fetched} is of no kind that holds a disk`)
  }
}

/** xz proves the content by its own sums, and leaves holes where the disk is empty. */
async function unpackXz(fetched: string, disk: string, { signal, logFile, largest }: UnpackContext): Promise<void> {
  const listed = await run('xz', ['--list', '--robot', fetched], { signal, deadline: 60_000 })
  const size = Number(/^totals\t\d+\t\d+\t\d+\t(\d+)/m.exec(listed.stdout)?.[1])
  await assertRoom(disk, size, largest)
  await run('xz', ['--decompress', '--force', '--threads=0', fetched], {
    signal,
    log: logFile,
    idleDeadline: 60 * 60_000,
  })
  await rename(fetched.replace(/\.xz$/, ''), disk)
}

const imageInfo = z.object({
  format: z.string(),
  'virtual-size': z.int().min(1),
  'backing-filename': z.string().optional(),
  encrypted: z.boolean().optional(),
  'format-specific': z.object({ data: z.object({ 'data-file': z.string().optional() }).optional() }).optional(),
})

/** An image from elsewhere could name a file of this host as its base, and would be given its content. */
async function convertQcow2(fetched: string, disk: string, { signal, logFile, largest }: UnpackContext): Promise<void> {
  const { stdout } = await run('qemu-img', ['info', '--output=json', fetched], { signal, deadline: 60_000 })
  const info = imageInfo.parse(JSON.parse(stdout))
  if (info.format !== 'qcow2') throw new NothingBuilt(`${fetched} is ${info.format}, not qcow2`)
  const foreign = info['backing-filename'] ?? info['format-specific']?.data?.['data-file']
  if (foreign !== undefined)
    throw new PermanentError('refused', `the image wants the content of another file, ${foreign}`)
  if (info.encrypted === true) throw new PermanentError('refused', 'the image is encrypted')
  await assertRoom(disk, info['virtual-size'], largest)
  const args = ['convert', '-f', 'qcow2', '-O', 'raw', '-S', '64k', fetched, disk]
  await run('qemu-img', args, { signal, log: logFile, deadline: 60 * 60_000 })
  await rm(fetched, { force: true })
}

async function assertRoom(disk: string, size: number, largest: number): Promise<void> {
  if (!(size > 0 && size <= largest)) {
    throw new PermanentError(
      'refused',
      `the disk would have ${String(size)} bytes, and ${String(largest)} is the most that is taken`,
    )
  }
  const { bavail, bsize } = await statfs(dirname(disk))
  // Disks are mostly empty: what is in them may be a tenth.
  if (bavail * bsize > size / 10) return
  throw new PermanentError('capacity', `a disk of ${String(size)} bytes does not fit into ${String(bavail * bsize)}`)
}
