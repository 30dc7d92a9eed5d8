import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { open, type FileHandle } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { Digests } from './digest-thread.ts'

const blockSize = 1024 * 1024
/** A thread takes some 50 ms to begin, in which so much is hashed here. */
const forThread = 64 * blockSize

type Algorithm = Digests['algorithms'][number]

/** Reads a file through and gives its SHA-256 in hex. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const [digest = ''] = await digestsOfFile(path, ['sha256'], signal)
  return digest
}

/**
 * Reads a file through once and gives its digests in hex. A large one is read in a thread of its own: others can be read at the same time,
 * and what else this process does goes on.
 */
export async function digestsOfFile(
  path: string,
  algorithms: readonly Algorithm[],
  signal?: AbortSignal,
): Promise<string[]> {
  signal?.throwIfAborted()
  await using file = await open(path)
  const { size } = await file.stat()
  return await (size < forThread ? digestHere : digestInThread)(file, algorithms, signal)
}

/** One buffer for the whole file: a new one per block is garbage. */
async function digestHere(file: FileHandle, algorithms: readonly Algorithm[], signal?: AbortSignal): Promise<string[]> {
  const block = Buffer.allocUnsafeSlow(blockSize)
  const hashes = algorithms.map((algorithm) => createHash(algorithm))
  for (;;) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(block, 0, blockSize)
    if (bytesRead === 0) return hashes.map((hash) => hash.digest('hex'))
    for (const hash of hashes) hash.update(block.subarray(0, bytesRead))
  }
}

/** The file stays ours, and is closed when the thread is gone. */
async function digestInThread(
  { fd }: FileHandle,
  algorithms: readonly Algorithm[],
  signal?: AbortSignal,
): Promise<string[]> {
  const workerData: Digests = { fd, algorithms }
  const thread = new Worker(new URL('./digest-thread.ts', import.meta.url), { workerData })
  try {
    const [digests] = (await once(thread, 'message', { signal })) as [string[]]
    return digests
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    await thread.terminate()
  }
}
