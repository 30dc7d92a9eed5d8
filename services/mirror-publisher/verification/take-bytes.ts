import { createHash } from 'node:crypto'
import { Unreadable, type Measured } from './source.ts'

/** Collects what comes, up to a limit. Throws Unreadable beyond it. */
export async function takeBytes(chunks: AsyncIterable<Uint8Array>, limit: number, path: string): Promise<Buffer> {
  const taken: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > limit) throw new Unreadable(`${path} is larger than ${String(limit)} bytes`)
    taken.push(chunk)
  }
  return Buffer.concat(taken)
}

/** Counts and hashes what comes, and stops beyond a limit: then the size is larger than the limit, and nothing is said. */
export async function measureBytes(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Measured> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    hash.update(chunk)
    if (size > limit) break
  }
  return { size, sha256: hash.digest('hex') }
}
