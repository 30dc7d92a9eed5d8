import { codeOf } from '#publishing/sdk-errors.ts'
import type { Region } from '../aws/region.ts'
import type { ImportPlace } from '../imports/import-place.ts'

/** Why disks cannot be put where VM Import would read them; nothing when they can, as far as S3 tells before something is. */
export async function bucketObstacle(region: Region, { bucket }: ImportPlace): Promise<string[]> {
  const inWords = (what: string, remedy: string) => [
    `${what}; ${remedy}, or set IMAGEDROP_EC2_PUBLISHER_IMPORT_BUCKETS`,
  ]
  try {
    const { BucketRegion: home = region.name } = await region.s3().headBucket({ Bucket: bucket })
    if (home === region.name) return []
    return inWords(
      `the bucket ${bucket} is in ${home}, and VM Import in ${region.name} reads none of other regions`,
      'name one that is there',
    )
  } catch (error) {
    const status = statusOf(error)
    if (status === 404) return inWords(`there is no bucket ${bucket}`, `make it in ${region.name}`)
    if (status === 301) return inWords(`the bucket ${bucket} is not in ${region.name}`, 'name one that is there')
    if (status !== 403) throw error
    const what = `these credentials may not use the bucket ${bucket}`
    return inWords(what, 'give them the permissions that README.md lists')
  }
}

/** Why VM Import could not read what is there by its role. That the role may read the bucket only the first import tells. */
export async function roleObstacle(region: Region, { role }: ImportPlace): Promise<string[]> {
  const why = await region.whyNoImporter(role)
  if (why === null) return []
  return [`${why}; make it as AWS's guide of VM Import has it, or set IMAGEDROP_EC2_PUBLISHER_IMPORT_ROLE`]
}

/** HEAD has no body, and so mostly no code, but a status. */
function statusOf(error: unknown): number | null {
  if (codeOf(error) === null) return null
  const { $metadata } = error as { readonly $metadata: { readonly httpStatusCode?: number } }
  return $metadata.httpStatusCode ?? null
}
