import type { StoredArtifact } from '../store.ts'
import type { S3Client } from './client.ts'
import { findObject } from './find.ts'
import { addressOf, optionsOf } from './request.ts'

/** What a bucket has below our prefix. */
export async function* listBucket(s3: S3Client, signal?: AbortSignal): AsyncGenerator<StoredArtifact> {
  const { bucket: Bucket, prefix } = s3.settings
  let token: string | undefined
  do {
    const answer = await s3.request(async (sdk, client) => {
      const where = { Bucket, ...(prefix === '' ? {} : { Prefix: `${prefix}/` }) }
      const command = new sdk.ListObjectsV2Command({
        ...where,
        ...(token !== undefined && { ContinuationToken: token }),
      })
      return await client.send(command, optionsOf(signal))
    }, signal)
    for (const { Key = '', Size = 0, LastModified } of answer.Contents ?? []) {
      const sha256 = /[^/]*$/.exec(Key)?.[0] ?? ''
      // What else lies there is not ours.
      if (Key === s3.keyOf(sha256) && /^[0-9a-f]{64}$/.test(sha256) && LastModified) {
        yield { sha256, bytes: Size, keptAt: LastModified }
      }
    }
    token = answer.NextContinuationToken
  } while (token !== undefined)
}

/**
 * Removes an object unless it was kept since a time: whoever keeps bytes that have lain there for long uploads them anew. A bucket removes
 * what has a name, whatever it is by then, so it is looked at right before.
 */
export async function removeObject(s3: S3Client, sha256: string, since: Date): Promise<boolean> {
  const found = await findObject(s3, sha256)
  if (found === null || found.keptAt >= since) return false
  await s3.request(async (sdk, client) => await client.send(new sdk.DeleteObjectCommand(addressOf(s3, sha256))))
  return true
}
