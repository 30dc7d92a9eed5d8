import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** Reads a file through, in blocks of 1 MiB, and gives its SHA-256 in hex. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  const source = createReadStream(path, { highWaterMark: 1024 * 1024, ...(signal ? { signal } : {}) })
  for await (const chunk of source) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
