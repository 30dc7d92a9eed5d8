import type { Readable } from 'node:stream'

/** S3 as VM Import sees it: what there is, and where. */
export interface ObjectSource {
  /** The region of a bucket; null where there is no such bucket. */
  regionOf(bucket: string): Promise<string | null>
  /** An object's bytes; null when it cannot be read. */
  open(bucket: string, key: string): Promise<Readable | null>
}

/** A server that speaks S3, and a key that may read there. */
export interface ObjectServer {
  readonly url: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** There are no buckets. */
export const noObjects: ObjectSource = { regionOf: () => Promise.resolve(null), open: () => Promise.resolve(null) }

/** Reads from a server of S3; the SDK is loaded when it is first asked. */
export function createObjectSource({ url: endpoint, credentials }: ObjectServer): ObjectSource {
  const connect = async () => {
    const { S3 } = await import('@aws-sdk/client-s3')
    return new S3({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 })
  }
  let connected: ReturnType<typeof connect> | null = null
  const client = () => (connected ??= connect())
  return {
    async regionOf(Bucket) {
      const found = await unlessRefused(async () => await (await client()).getBucketLocation({ Bucket }))
      // A bucket of us-east-1 has no location constraint (S3 API, GetBucketLocation).
      return found === null ? null : (found.LocationConstraint ?? 'us-east-1')
    },
    async open(Bucket, Key) {
      const found = await unlessRefused(async () => await (await client()).getObject({ Bucket, Key }))
      return (found?.Body ?? null) as Readable | null
    },
  }
}

async function unlessRefused<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof Error && '$fault' in error && error.$fault === 'client') return null
    throw error
  }
}
