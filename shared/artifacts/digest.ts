import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const blockSize = 1024 * 1024

/** Reads a file through and gives its SHA-256 in hex. One buffer for the whole file: a new one per block is garbage. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  await using file = await open(path)
  const block = Buffer.allocUnsafeSlow(blockSize)
  const hash = createHash('sha256')
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(block, 0, blockSize)
    if (bytesRead === 0) return hash.digest('hex')
    hash.update(block.subarray(0, bytesRead))
  }
}
