import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const blockSize = 1024 * 1024

/** Reads a file through and gives its SHA-256 in hex. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const [digest = ''] = await digestsOfFile(path, ['sha256'], signal)
  return digest
}

/** Reads a file through once and gives its digests in hex. One buffer for the whole file: a new one per block is garbage. */
export async function digestsOfFile(
  path: string,
  algorithms: readonly ('sha256' | 'sha512')[],
  signal?: AbortSignal,
): Promise<string[]> {
  await using file = await open(path)
  const block = Buffer.allocUnsafeSlow(blockSize)
  const hashes = algorithms.map((algorithm) => createHash(algorithm))
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(block, 0, blockSize)
    if (bytesRead === 0) return hashes.map((hash) => hash.digest('hex'))
    for (const hash of hashes) hash.update(block.subarray(0, bytesRead))
  }
}
