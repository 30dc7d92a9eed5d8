import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import type { Part } from '../compressed-disk.ts'
import { release } from '../release.ts'

/** Takes a flow of bytes over, and tells how it differs from the parts that it should consist of. */
export interface ContentCheck {
  readonly sink: Writable
  /** Null when every part was there and nothing else. Call it when the sink has finished. */
  difference(): string | null
}

/** Compares a flow with digests, so that nothing of it is kept. `onBytes` hears how much has passed. */
export function createContentCheck(parts: readonly Part[], onBytes: (done: number) => void): ContentCheck {
  const waiting = parts.map((part) => ({ ...part, missing: part.size, hash: createHash('sha256') }))
  let passed = 0
  let excess = 0

  function take(chunk: Buffer): void {
    const part = waiting.find(({ missing }) => missing > 0)
    if (!part) {
      excess += chunk.length
      return
    }
    const mine = chunk.subarray(0, part.missing)
    part.hash.update(mine)
    part.missing -= mine.length
    if (mine.length < chunk.length) take(chunk.subarray(mine.length))
  }

  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      take(chunk)
      passed += chunk.length
      release([chunk])
      onBytes(passed)
      done()
    },
  })
  return {
    sink,
    difference() {
      for (const { what, missing, hash, sha256 } of waiting) {
        if (missing > 0) return `${what} ends ${String(missing)} bytes too early`
        const found = hash.digest('hex')
        if (found !== sha256) return `${what} has the SHA-256 ${found} instead of ${sha256}`
      }
      return excess > 0 ? `${String(excess)} bytes too many follow` : null
    },
  }
}
