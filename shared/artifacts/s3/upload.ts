import { open, type FileHandle } from 'node:fs/promises'
import type { S3Client } from './client.ts'
import { keepsFor } from '../store.ts'
import { findObject, isSame } from './find.ts'
import type { Measured, Part } from './measure.ts'
import { putInParts } from './multipart.ts'
import { addressOf, checksumOf, metadataOf, optionsOf, readPart } from './request.ts'

/**
 * Puts a file under its address, unless the bucket has had it since lately. It is visible there only when it is whole; an upload that
 * fails or is aborted is taken back, and costs the parts that were sent.
 */
export async function uploadFile(s3: S3Client, path: string, measured: Measured, signal?: AbortSignal): Promise<void> {
  const found = await findObject(s3, measured.sha256, signal)
  // What has lain there for long may be about to be removed: then it is to be seen that it is wanted again.
  const isRecent = found !== null && found.keptAt.getTime() > s3.settings.now().getTime() - keepsFor
  if (isRecent && isSame(s3, found, measured)) return
  await using file = await open(path)
  const [first, ...others] = measured.parts
  if (first && others.length === 0) await putWhole(s3, file, first, measured, signal)
  else await putInParts(s3, file, measured, signal)
}

async function putWhole(s3: S3Client, file: FileHandle, part: Part, { sha256, size }: Measured, signal?: AbortSignal) {
  const body = await readPart(file, part, Buffer.allocUnsafeSlow(part.size))
  await s3.request(async (sdk, client) => {
    const command = new sdk.PutObjectCommand({
      ...addressOf(s3, sha256),
      ...checksumOf(s3, part),
      Metadata: metadataOf({ sha256, size }),
      Body: body,
      ContentLength: part.size,
    })
    await client.send(command, optionsOf(signal))
  }, signal)
}
