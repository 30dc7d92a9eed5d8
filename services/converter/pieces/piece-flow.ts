import { hash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { cutChunk, type Chunk, type DiskSink } from '../chunk.ts'
import { createQueue } from '../queue.ts'
import { readFully } from '../fully.ts'
import type { Coder } from './coder.ts'
import { release } from '../release.ts'
import { identify } from './identify.ts'
import type { PieceCache } from './piece-cache.ts'

/** Where a piece lies on the disk. */
export interface Place {
  readonly position: number
  readonly length: number
  readonly isZero: boolean
}

/** What a flow works with. */
export interface PieceFlowOptions {
  readonly cache: PieceCache
  /** Of the disk: pieces that the cache has forgotten are read again. */
  readonly path: string
  /** Is given every piece encoded, in the order of the disk, one after the other; what it was given is gone when it has resolved. */
  readonly write: (encoded: Buffer, place: Place) => Promise<void>
}

/** Encodes a disk piece by piece, but for what the cache has, or this disk had before. */
export interface PieceFlow extends DiskSink {
  /** Resolves when every piece that was taken is written. */
  readonly done: () => Promise<void>
}

interface Part extends Place {
  readonly key: string
}

/** Begins with the first piece of a disk. */
export function createPieceFlow(coder: Coder, { cache, path, write }: PieceFlowOptions): PieceFlow {
  const lookups = createQueue()
  const queue = createQueue()
  let identity: Promise<string> | null = null
  /** What this disk had already: the cache will have it when the turn comes to those that hold the same. */
  const met = new Set<string>()
  /** Zeros come often and become little, so they are held here. */
  const zeros = new Map<string, Promise<Buffer>>()

  /** Starts to encode what nobody has. Nothing of it may need the chunk's bytes when `fresh` has resolved. */
  async function begin(chunk: Chunk) {
    const salt = await (identity ??= identify(coder))
    const parts: Part[] = []
    const missing = new Map<string, Buffer>()
    const held: Promise<unknown>[] = []
    for (const { position, bytes, content, isZero } of cutChunk(chunk, coder.pieceSize)) {
      const part = { position, length: bytes.length, isZero, key: hash('sha256', salt + content) }
      parts.push(part)
      if (isZero) held.push(holdZeros(part))
      else if (!met.has(part.key) && !(await cache.has(coder.name, part.key))) missing.set(part.key, bytes)
      met.add(part.key)
    }
    const fresh = missing.size === 0 ? null : encodeAll(missing)
    fresh?.catch(ignore)
    return { parts, fresh, held: Promise.all(held) }
  }

  function holdZeros({ key, length }: Part): Promise<Buffer> {
    const known = zeros.get(key)
    if (known) return known
    const encoded = coder.leavesOutZeros === true ? Promise.resolve(Buffer.alloc(0)) : encodeOne(Buffer.alloc(length))
    zeros.set(key, encoded)
    return encoded
  }

  async function encodeAll(pieces: ReadonlyMap<string, Buffer>): Promise<Map<string, Buffer>> {
    const encoded = await coder.encode([...pieces.values()])
    return new Map([...pieces.keys()].map((key, index) => [key, encoded[index] ?? Buffer.alloc(0)]))
  }

  async function encodeOne(piece: Buffer): Promise<Buffer> {
    const [encoded = Buffer.alloc(0)] = await coder.encode([piece])
    return encoded
  }

  async function encodedOf(part: Part, fresh: ReadonlyMap<string, Buffer> | null): Promise<Buffer> {
    const made = fresh?.get(part.key)
    if (made) await cache.put(coder.name, part.key, made)
    return made ?? (await zeros.get(part.key)) ?? (await cache.get(coder.name, part.key)) ?? (await encodeAgain(part))
  }

  /** The cache is damaged, or has forgotten the piece since it was asked. */
  async function encodeAgain({ position, length, key }: Part): Promise<Buffer> {
    await using file = await open(path)
    const bytes = Buffer.allocUnsafeSlow(length)
    await readFully(file, bytes, position)
    const encoded = await encodeOne(bytes)
    await cache.put(coder.name, key, encoded)
    return encoded
  }

  return {
    async take(chunk) {
      // The turn is taken at once: what begins later may be ready earlier.
      const begun = lookups.add(() => begin(chunk))
      const written = queue.add(async () => {
        const { parts, fresh } = await begun
        const made = await fresh
        for (const part of parts) await write(await encodedOf(part, made), part)
        if (made) release([...made.values()])
      })
      const { fresh, held } = await begun
      await held
      if (fresh === null) return
      // Where an earlier piece failed, ours is not written; but nothing of it is at work any more when this ends.
      await fresh.catch(ignore)
      await written
    },
    done: queue.done,
  }
}

function ignore(): void {
  // Whoever waits for it hears of it.
}
