import { Readable, Writable } from 'node:stream'
import type { Draft } from '#artifacts/store.ts'
import { createHashedFile } from '../hashed-file.ts'
import { feedFile } from '../feed-file.ts'
import type { Limits, Workshop } from '../workshop.ts'
import type { XzFile } from './prove.ts'
import { createSharedProof, type SharedProof } from './shared-proof.ts'

/** The disk as one xz stream in a file of its own. */
export interface CompressedDisk {
  readonly draft: Draft
  readonly sha256: string
  readonly stream: XzFile['streams'][number]
  readonly proof: SharedProof
}

/** Compresses the disk in one read. */
export async function compressDisk(level: number, workshop: Workshop): Promise<CompressedDisk> {
  const { disk, limits, run } = workshop
  const draft = await workshop.draft('disk.raw.xz')
  const file = createHashedFile(draft.path)
  const show = workshop.track('xz', disk.size)
  let taken = 0
  const input = feedFile(disk.path, (block) => {
    show((taken += block.length))
  })
  await run('xz', compressArgs(level, limits), { input, output: file.sink }).catch((error: unknown) => {
    throw file.failure() ?? error
  })
  const { sha256, size: compressedSize } = file.digest()
  const stream = { what: 'the disk', size: disk.size, sha256: disk.sha256, compressedSize }
  const proof = createSharedProof({ format: 'raw.xz', path: draft.path, sha256, streams: [stream] }, workshop)
  return { draft, sha256, stream, proof }
}

/** Compresses what fits in memory, with the same settings. */
export async function compressBytes(bytes: Buffer, level: number, { run, limits }: Workshop): Promise<Buffer> {
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
