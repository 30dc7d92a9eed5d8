import { assert, asyncProperty, integer, uint8Array } from 'fast-check'
import { expect } from 'vitest'
import type { Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import type { FileSystem } from '../file-system.ts'

const block = 1024
const zeros = Buffer.alloc(block)

/** Damages a disk anywhere that something is, and expects its reader to end, and to say so when it cannot read it. */
export async function expectToSurvive(
  disk: Buffer,
  open: (bytes: Bytes) => Promise<FileSystem>,
  numRuns = 300,
): Promise<void> {
  const blocks = Array.from({ length: Math.floor(disk.length / block) }, (_, index) => index * block)
  const used = blocks.filter((at) => !disk.subarray(at, at + block).equals(zeros))
  const place = integer({ min: 0, max: used.length * block - 1 })
  await assert(
    asyncProperty(place, uint8Array({ minLength: 1, maxLength: 8 }), async (index, damage) => {
      const at = (used[Math.floor(index / block)] ?? 0) + (index % block)
      await readAll(await open(damaged(disk, at, damage)).catch(judge)).catch(judge)
    }),
    { numRuns },
  )
}

function judge(error: unknown): null {
  expect(error).toBeInstanceOf(DiskUnreadable)
  return null
}

/** Reads every file. */
export async function readAll(fileSystem: FileSystem | null): Promise<void> {
  for await (const entry of fileSystem?.entries() ?? []) {
    if (entry.type !== 'file') continue
    for await (const chunk of fileSystem?.read(entry) ?? []) expect(chunk.bytes.length).toBeGreaterThan(0)
  }
}

/** A disk in memory with other bytes at a place. */
function damaged(disk: Buffer, place: number, damage: Uint8Array): Bytes {
  return {
    size: disk.length,
    read(position, length) {
      if (position < 0 || length < 0 || position + length > disk.length)
        return Promise.reject(new DiskUnreadable('beyond'))
      const bytes = Buffer.from(disk.subarray(position, position + length))
      for (const [index, byte] of damage.entries()) {
        const at = place + index - position
        if (at >= 0 && at < length) bytes[at] = byte
      }
      return Promise.resolve(bytes)
    },
  }
}
