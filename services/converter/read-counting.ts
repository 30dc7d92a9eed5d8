import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'

/** Enough to keep a pipe full; larger blocks only raise the memory that waits for the garbage collector. */
const blockSize = 256 * 1024

/** Reads a file and tells how many bytes its reader has taken so far. */
export function readCounting(path: string, onBytes: (done: number) => void): Readable {
  const source = createReadStream(path, { highWaterMark: blockSize })
  source.on('data', () => {
    onBytes(source.bytesRead)
  })
  // It flows when it is piped, not now.
  return source.pause()
}
