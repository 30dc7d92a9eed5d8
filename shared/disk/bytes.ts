import { open } from 'node:fs/promises'
import { DiskUnreadable } from './errors.ts'

/** Bytes that can be read at any place: a disk, or a partition of it. */
export interface Bytes {
  readonly size: number
  /** As many bytes as asked for. Throws DiskUnreadable when there are not so many. */
  read(position: number, length: number): Promise<Buffer>
}

/** The bytes of a file, until it is disposed of. */
export async function openBytes(path: string): Promise<Bytes & AsyncDisposable> {
  const file = await open(path)
  const { size } = await file.stat()
  return {
    size,
    async read(position, length) {
      assertWithin(size, position, length)
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position)
      if (bytesRead === length) return buffer
      throw new DiskUnreadable(`${path} became shorter while it was read`)
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

/** A part of other bytes, which may not reach beyond them. */
export function partOf(bytes: Bytes, start: number, size: number): Bytes {
  assertWithin(bytes.size, start, size)
  return {
    size,
    async read(position, length) {
      assertWithin(size, position, length)
      return await bytes.read(start + position, length)
    },
  }
}

function assertWithin(size: number, position: number, length: number): void {
  if (position >= 0 && length >= 0 && position + length <= size) return
  const wanted = `bytes ${String(position)} to ${String(position + length)}`
  throw new DiskUnreadable(`${wanted} were asked for, and there are ${String(size)}: is it cut short?`)
}
