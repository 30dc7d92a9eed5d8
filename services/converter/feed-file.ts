import { open, type FileHandle } from 'node:fs/promises'
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
  const ring = Array.from({ length: blocks }, () => Buffer.allocUnsafeSlow(blockSize))
  let turn = 0
  let file: FileHandle | null = null

  async function nextBlock(): Promise<Buffer | null> {
    file ??= await open(path)
    const buffer = ring[turn++ % blocks] ?? Buffer.alloc(blockSize)
    const { bytesRead } = await file.read(buffer, 0, blockSize, null)
    return bytesRead === 0 ? null : buffer.subarray(0, bytesRead)
  }

  return new Readable({
    highWaterMark: blockSize,
    read() {
      nextBlock().then(
        (block) => {
          if (block !== null) onBlock(block)
          this.push(block)
        },
        (error: unknown) => {
          this.destroy(error instanceof Error ? error : new Error(String(error)))
        },
      )
    },
    destroy(error, done) {
      const closed = file?.close() ?? Promise.resolve()
      closed.then(
        () => {
          done(error)
        },
        () => {
          done(error)
        },
      )
    },
  })
}
