import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

/** A stretch of a file, with the digest that S3 checks it by. */
export interface Part {
  /** From 1 on. */
  readonly number: number
  readonly start: number
  readonly size: number
  readonly digest: Buffer
}

/** What one reading of a file tells. */
export interface Measured {
  readonly sha256: string
  readonly size: number
  readonly parts: readonly Part[]
  /** What S3 says is the SHA-256 of the whole: of a file in parts, the digest of their digests. */
  readonly checksum: string
}

const blockSize = 1024 * 1024
/** S3 takes no more parts than this. */
const mostParts = 10_000

/** Reads a file through: its SHA-256 and those of the parts that it is uploaded in. */
export async function measureFile(path: string, partBytes: number, signal?: AbortSignal): Promise<Measured> {
  await using file = await open(path)
  const { size } = await file.stat()
  const partSize = Math.max(partBytes, Math.ceil(size / mostParts / blockSize) * blockSize)
  const block = Buffer.allocUnsafeSlow(blockSize)
  const whole = createHash('sha256')
  const parts: Part[] = []
  do {
    const start = parts.length * partSize
    const end = Math.min(size, start + partSize)
    const own = createHash('sha256')
    for (let at = start; at < end;) {
      signal?.throwIfAborted()
      const { bytesRead } = await file.read(block, 0, Math.min(blockSize, end - at), at)
      if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`)
      whole.update(block.subarray(0, bytesRead))
      own.update(block.subarray(0, bytesRead))
      at += bytesRead
    }
    parts.push({ number: parts.length + 1, start, size: end - start, digest: own.digest() })
  } while (parts.length * partSize < size)
  return { sha256: whole.digest('hex'), size, parts, checksum: checksumOf(parts) }
}

function checksumOf(parts: readonly Part[]): string {
  const [first, ...others] = parts
  if (first && others.length === 0) return first.digest.toString('base64')
  return createHash('sha256')
    .update(Buffer.concat(parts.map((part) => part.digest)))
    .digest('base64')
}
