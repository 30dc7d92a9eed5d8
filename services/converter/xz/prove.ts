import { createHash } from 'node:crypto'
import { ToolFailed } from '#subprocess/errors.ts'
import type { XzFile } from '../compressed-disk.ts'
import { feedFile } from '../feed-file.ts'
import { NotTheDisk } from '../failures.ts'
import type { Conversion } from '../conversion.ts'
import { createContentCheck } from './content.ts'
import { listStreams } from './streams.ts'

/**
 * Decodes a file as its reader would, and in the same read compares its bytes with those that were written. Each
 * stream must for itself decode to its own part: that is what lets the proof of an archive stand for the stream
 * in it. Throws NotTheDisk.
 */
export async function proveXzFile(file: XzFile, conversion: Conversion): Promise<void> {
  const different = await findDifference(file, conversion).catch((error: unknown) => {
    // xz read a file that it wrote a minute ago, and calls it corrupt.
    if (error instanceof ToolFailed && error.end.why === 'exit') return error.message
    throw error
  })
  if (different !== null) {
    throw new NotTheDisk(`the ${file.format} made of the disk ${conversion.disk.sha256} is not it: ${different}`)
  }
}

async function findDifference(
  { format, path, sha256, streams }: XzFile,
  conversion: Conversion,
): Promise<string | null> {
  const { limits, run, track } = conversion
  const wanted = describeSizes(streams)
  const found = describeSizes(await listStreams(path, conversion))
  if (found !== wanted) return `its streams are ${found} instead of ${wanted}`

  const size = streams.reduce((sum, stream) => sum + stream.size, 0)
  const content = createContentCheck(streams, track(format, size))
  const bytes = createHash('sha256')
  const input = feedFile(path, (block) => bytes.update(block))
  const memory = `--memlimit-mt-decompress=${String(limits.memoryMib)}MiB`
  const args = ['--decompress', '--stdout', '--format=xz', `--threads=${String(limits.threads)}`, memory]
  await run('xz', args, { input, output: content.sink })

  const read = bytes.digest('hex')
  if (read !== sha256) return `it reads as ${read} instead of ${sha256}`
  return content.difference()
}

function describeSizes(streams: readonly { readonly compressedSize: number; readonly size: number }[]): string {
  return streams.map(({ compressedSize, size }) => `${String(size)} bytes in ${String(compressedSize)}`).join(', ')
}
