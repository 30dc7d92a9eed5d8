import { Readable, Writable } from 'node:stream'
import type { CompressedDisk } from '../compressed-disk.ts'
import { createHashedFile } from '../hashed-file.ts'
import { feedFile } from '../feed-file.ts'
import type { Limits, Conversion } from '../conversion.ts'
import { createSharedProof } from './shared-proof.ts'

/** Compresses the disk in one read. */
export async function compressDisk(level: number, conversion: Conversion): Promise<CompressedDisk> {
  const { disk, limits, run } = conversion
  const draft = await conversion.draft('disk.raw.xz')
  const file = createHashedFile(draft.path)
  const show = conversion.track('xz', disk.size)
  let taken = 0
  const input = feedFile(disk.path, (block) => {
    show((taken += block.length))
  })
  await run('xz', compressArgs(level, limits), { input, output: file.sink }).catch((error: unknown) => {
    throw file.failure() ?? error
  })
  const { sha256, size: compressedSize } = file.digest()
  const stream = { what: 'the disk', size: disk.size, sha256: disk.sha256, compressedSize }
  const proof = createSharedProof({ format: 'raw.xz', path: draft.path, sha256, streams: [stream] }, conversion)
  return { draft, sha256, stream, proof }
}

/** Compresses what fits in memory, with the same settings. */
export async function compressBytes(bytes: Buffer, level: number, { run, limits }: Conversion): Promise<Buffer> {
  const chunks: Buffer[] = []
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  await run('xz', compressArgs(level, limits), { input: Readable.from([bytes]), output })
  return Buffer.concat(chunks)
}

/**
 * In MiB, for each level: three dictionaries, which is what xz would take. Written out, because a machine that cut
 * the disk elsewhere would make other bytes.
 */
const blockSizes = [1, 3, 6, 12, 12, 24, 24, 48, 96, 192]

/**
 * The bytes depend on the level alone. Threads and memory decide how many blocks are in work at a time: with the
 * plus sign one thread writes blocks as many do, and without adjusting, xz takes fewer threads or refuses.
 */
function compressArgs(level: number, { threads, memoryMib }: Limits): string[] {
  return [
    '--compress',
    '--stdout',
    `-${String(level)}`,
    '--format=xz',
    '--check=crc64',
    `--threads=+${String(threads)}`,
    `--block-size=${String(blockSizes[level])}MiB`,
    `--memlimit-compress=${String(memoryMib)}MiB`,
    '--no-adjust',
  ]
}
