import { createHash } from 'node:crypto'
import { readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

/** What a thread is to hash: an open file, from where it stands to its end. */
export interface Digests {
  readonly fd: number
  readonly algorithms: readonly ('sha256' | 'sha512')[]
}

const { fd, algorithms } = workerData as Digests
const block = Buffer.allocUnsafeSlow(1024 * 1024)
const hashes = algorithms.map((algorithm) => createHash(algorithm))
for (;;) {
  const read = readSync(fd, block)
  if (read === 0) break
  for (const hash of hashes) hash.update(block.subarray(0, read))
}
const digests = hashes.map((hash) => hash.digest('hex'))
parentPort?.postMessage(digests, [])
