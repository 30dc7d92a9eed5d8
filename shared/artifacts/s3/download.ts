import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { ArtifactRef } from '#events/vocabulary.ts'
import { ArtifactCorrupted } from '../store.ts'
import type { S3Client } from './client.ts'
import { describe, readObject } from './read.ts'

const zeros = Buffer.alloc(64 * 1024)

/** Reads an object through and compares. Throws ArtifactMissing or ArtifactCorrupted. */
export async function verifyObject(s3: S3Client, ref: ArtifactRef, signal?: AbortSignal): Promise<void> {
  await readVerified(s3, ref, () => undefined, signal)
}

/** Writes an object to a file, with holes where it is empty; the file is of use only when this resolves. */
export async function downloadObject(s3: S3Client, ref: ArtifactRef, path: string, signal?: AbortSignal) {
  await using file = await open(path, 'w')
  let at = 0
  const write = async (bytes: Buffer) => {
    if (!isEmpty(bytes)) await file.write(bytes, 0, bytes.length, at)
    at += bytes.length
  }
  await readVerified(s3, ref, write, signal)
  await file.truncate(ref.size)
}

async function readVerified(
  s3: S3Client,
  ref: ArtifactRef,
  take: (bytes: Buffer) => unknown,
  signal?: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256')
  for await (const bytes of readObject(s3, ref, signal)) {
    hash.update(bytes)
    await take(bytes)
  }
  const found = hash.digest('hex')
  if (found !== ref.sha256) throw new ArtifactCorrupted(`${describe(s3, ref)} now reads as ${found}`)
}

function isEmpty(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const block = bytes.subarray(at, at + zeros.length)
    if (!block.equals(zeros.subarray(0, block.length))) return false
  }
  return true
}
