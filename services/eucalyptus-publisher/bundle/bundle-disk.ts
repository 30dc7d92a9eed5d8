import { createCipheriv, createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { BundleSecrets } from './bundle-secrets.ts'
import { tarStream } from './tar-stream.ts'

/** Bytes of a part, but for the last: what euca2ools and Amazon's tools make. */
export const partSize = 10 * 1024 * 1024
const atOnce = 2

/** A part of a bundle, for as long as it is handled. */
export interface Part {
  readonly index: number
  readonly name: string
  readonly bytes: Buffer
}

export interface PartDigest {
  readonly name: string
  readonly sha1: string
}

export interface Bundle {
  /** SHA-1 of the archive before it is compressed. */
  readonly digest: string
  /** Bytes of all parts. */
  readonly size: number
  readonly parts: readonly PartDigest[]
}

interface Bundling {
  /** Name of the disk in the archive, with which the names of the parts begin. */
  readonly name: string
  readonly disk: { readonly path: string; readonly size: number }
  readonly secrets: Pick<BundleSecrets, 'key' | 'iv'>
  /** Level of gzip. */
  readonly compression: number
  /** Takes each part, in order; two may be under way. */
  readonly onPart: (part: Part) => Promise<void>
  /** Told of the bytes of the archive that are done with. */
  readonly onBytes: (count: number) => void
  readonly signal: AbortSignal
}

/** Makes a bundle of a disk: tar, gzip, AES-128-CBC, cut into parts. Holds three parts in memory at most. */
export async function bundleDisk(bundling: Bundling): Promise<Bundle> {
  const { name, disk, secrets, compression, onPart, onBytes, signal } = bundling
  const archive = createHash('sha1')
  const parts: PartDigest[] = []
  let size = 0
  const pending = new Set<Promise<void>>()
  const failures: unknown[] = []
  const assertTaken = () => {
    if (failures.length > 0) throw failures[0]
  }
  const handOn = async (bytes: Buffer) => {
    const index = parts.length
    const part = { index, name: `${name}.part.${String(index).padStart(2, '0')}`, bytes }
    parts.push({ name: part.name, sha1: createHash('sha1').update(bytes).digest('hex') })
    size += bytes.length
    const taking = onPart(part)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => pending.delete(taking))
    pending.add(taking)
    if (pending.size >= atOnce) await Promise.race(pending)
    assertTaken()
  }
  try {
    await pipeline(
      tarStream(name, disk.path, disk.size),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          archive.update(chunk)
          onBytes(chunk.length)
          yield chunk
        }
      },
      createGzip({ level: compression, chunkSize: 256 * 1024 }),
      createCipheriv('aes-128-cbc', secrets.key, secrets.iv),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const bytes of inParts(chunks)) await handOn(bytes)
        await Promise.all(pending)
        assertTaken()
      },
      { signal },
    )
  } catch (error) {
    await Promise.all(pending)
    signal.throwIfAborted()
    throw error
  }
  return { digest: archive.digest('hex'), size, parts }
}

async function* inParts(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let part = Buffer.allocUnsafe(partSize)
  let filled = 0
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length;) {
      const count = chunk.copy(part, filled, offset)
      offset += count
      filled += count
      if (filled < partSize) continue
      yield part
      part = Buffer.allocUnsafe(partSize)
      filled = 0
    }
  }
  if (filled > 0) yield part.subarray(0, filled)
}
