import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'

const blockSize = 256 * 1024
/**
 * A pipe into a tool waits for each block to be gone before it takes the next, and one is read ahead meanwhile; the
 * rest is margin. Should a reader ever hold more, the tool gets wrong bytes, and the proof of what it made fails.
 */
const blocks = 8

/**
 * Reads a file for the standard input of a tool, in a few buffers that are used over and over: new ones for every
 * block would fill memory with garbage faster than it is collected. Each block is shown as it is read.
 */
export function feedFile(path: string, onBlock: (block: Buffer) => void): Readable {
  return Readable.from(readBlocks(path, onBlock), { objectMode: false, highWaterMark: blockSize })
}

async function* readBlocks(path: string, onBlock: (block: Buffer) => void): AsyncGenerator<Buffer> {
  await using file = await open(path)
  const ring = Array.from({ length: blocks }, () => Buffer.allocUnsafeSlow(blockSize))
  while (true) {
    for (const buffer of ring) {
      const { bytesRead } = await file.read(buffer, 0, blockSize, null)
      if (bytesRead === 0) return
      const block = buffer.subarray(0, bytesRead)
      onBlock(block)
      yield block
    }
  }
}
