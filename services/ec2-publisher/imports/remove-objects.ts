import type { ListMultipartUploadsCommandOutput, MultipartUpload } from '@aws-sdk/client-s3'
import { codeOf } from '#publishing/sdk-errors.ts'
import type { Region } from '../aws/region.ts'
import type { ImportPlace } from './import-place.ts'

/** Removes every object, and every upload that was begun, whose key begins so. What is gone is done. */
export async function removeObjects(region: Region, place: ImportPlace, prefix: string): Promise<void> {
  const s3 = region.s3()
  const { bucket: Bucket } = place
  for (const { Key, UploadId } of await findUploads(region, place, prefix))
    await s3.abortMultipartUpload({ Bucket, Key, UploadId }).catch((error: unknown) => {
      if (codeOf(error) !== 'NoSuchUpload') throw error
    })
  for (const Key of await findKeys(region, place, prefix)) await s3.deleteObject({ Bucket, Key })
}

/** Uploads that were begun of keys that begin so, the oldest first. */
export async function findUploads(region: Region, { bucket }: ImportPlace, prefix: string): Promise<MultipartUpload[]> {
  const uploads: MultipartUpload[] = []
  let next: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | null = {}
  while (next !== null) {
    const asked = { Bucket: bucket, Prefix: prefix, ...next }
    const page: ListMultipartUploadsCommandOutput = await region.s3().listMultipartUploads(asked)
    uploads.push(...(page.Uploads ?? []))
    next = page.IsTruncated === true ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : null
  }
  return uploads.toSorted((one, other) => (one.Initiated?.getTime() ?? 0) - (other.Initiated?.getTime() ?? 0))
}

/** The keys of objects that begin so. */
export async function findKeys(region: Region, { bucket }: ImportPlace, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
    const page = await region.s3().listObjectsV2({ Bucket: bucket, Prefix: prefix, ContinuationToken: token })
    keys.push(...(page.Contents ?? []).flatMap(({ Key: key }) => key ?? []))
    token = page.NextContinuationToken
  }
  return keys
}
