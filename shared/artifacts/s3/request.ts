import type { FileHandle } from 'node:fs/promises'
import type { S3Client } from './client.ts'
import type { Measured, Part } from './measure.ts'

/** Reads one part of a file into a buffer that has room for it. */
export async function readPart(file: FileHandle, { start, size }: Part, buffer: Buffer): Promise<Buffer> {
  let filled = 0
  while (filled < size) {
    const { bytesRead } = await file.read(buffer, filled, size - filled, start + filled)
    if (bytesRead === 0) throw new Error('a draft became shorter while it was uploaded')
    filled += bytesRead
  }
  return buffer.subarray(0, size)
}

/** Bucket and key of an artifact. */
export function addressOf(s3: S3Client, sha256: string): { Bucket: string; Key: string } {
  return { Bucket: s3.settings.bucket, Key: s3.keyOf(sha256) }
}

/** What an object says of itself. */
export function metadataOf({ sha256, size }: Pick<Measured, 'sha256' | 'size'>): Record<string, string> {
  return { sha256, size: String(size) }
}

/** The checksum that the server is to check and remember, if it can. */
export function checksumOf(s3: S3Client, { digest }: Part): { ChecksumSHA256?: string } {
  return s3.settings.checksums === 'supported' ? { ChecksumSHA256: digest.toString('base64') } : {}
}

/** The signal in the SDK's words. */
export function optionsOf(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {}
}
