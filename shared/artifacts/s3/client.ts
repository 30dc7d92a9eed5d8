import type * as Sdk from '@aws-sdk/client-s3'
import { storeFailure } from './failure.ts'
import type { S3Settings } from './options.ts'

/** The SDK, its client for our bucket, and the one way to use both. */
export interface S3Client {
  readonly settings: S3Settings
  keyOf(sha256: string): string
  /** Sends a request; what goes wrong is told in the store's own errors. */
  request<Answer>(
    ask: (sdk: typeof Sdk, client: Sdk.S3Client) => Promise<Answer>,
    signal?: AbortSignal,
  ): Promise<Answer>
}

/** Prepares for a bucket. The SDK (35 MB, 80 ms) is loaded by the first request: a service that is idle has none. */
export function createS3Client(settings: S3Settings): S3Client {
  let loaded: Promise<{ sdk: typeof Sdk; client: Sdk.S3Client }> | null = null
  return {
    settings,
    keyOf: (sha256) => [settings.prefix, sha256.slice(0, 2), sha256].filter((one) => one !== '').join('/'),
    async request(ask, signal) {
      signal?.throwIfAborted()
      loaded ??= load(settings)
      const { sdk, client } = await loaded
      try {
        return await ask(sdk, client)
      } catch (error) {
        signal?.throwIfAborted()
        throw storeFailure(error, settings)
      }
    },
  }
}

async function load(settings: S3Settings): Promise<{ sdk: typeof Sdk; client: Sdk.S3Client }> {
  const sdk = await import('@aws-sdk/client-s3')
  const { region, endpoint, forcePathStyle, credentials, checksums, attempts, idleDeadline } = settings
  const mode = checksums === 'supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED'
  const client = new sdk.S3Client({
    // Servers other than Amazon's mostly have no regions, but a signature needs one.
    ...(region === undefined ? (endpoint === undefined ? {} : { region: 'us-east-1' }) : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(forcePathStyle === undefined ? {} : { forcePathStyle }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: attempts,
    requestChecksumCalculation: mode,
    // A whole object is checked by its own SHA-256 as it is read.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: Math.min(idleDeadline, 10_000), socketTimeout: idleDeadline },
  })
  client.middlewareStack.add(
    (next) => async (args) => {
      signByChecksum(args.request)
      return await next(args)
    },
    { step: 'build', name: 'signByChecksum' },
  )
  return { sdk, client }
}

/** The checksum that we give is the digest that goes into the signature: the SDK would hash the body once more for it. */
function signByChecksum(request: unknown): void {
  if (typeof request !== 'object' || request === null || !('headers' in request)) return
  const headers = request.headers as Record<string, string>
  const given = headers['x-amz-checksum-sha256']
  if (given !== undefined) headers['x-amz-content-sha256'] = Buffer.from(given, 'base64').toString('hex')
}
