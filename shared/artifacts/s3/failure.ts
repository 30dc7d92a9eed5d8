import { ArtifactStoreRefused, ArtifactStoreUnavailable } from '../store.ts'

/** What one request is about, for people. */
export interface Place {
  readonly bucket: string
  readonly endpoint?: string
}

const wrongPlace = new Map([
  ['NoSuchBucket', 'there is no such bucket'],
  ['PermanentRedirect', 'the bucket is in another region'],
  ['AuthorizationHeaderMalformed', 'the bucket is in another region'],
])
const wrongCredentials = new Map([
  ['ExpiredToken', 'the credentials have expired'],
  ['ExpiredTokenException', 'the credentials have expired'],
  ['InvalidToken', 'the session token is not valid'],
  ['InvalidAccessKeyId', 'the access key is not known'],
  ['SignatureDoesNotMatch', 'the secret key is not that of the access key'],
  ['RequestTimeTooSkewed', "this host's clock is wrong"],
  ['CredentialsProviderError', 'there are no credentials'],
  ['AccessDenied', 'we have no right to do this (of a missing object: no s3:ListBucket)'],
])
const busy = new Set([
  'SlowDown',
  'RequestTimeout',
  'TimeoutError',
  'InternalError',
  'ServiceUnavailable',
  'Throttling',
])
const lost =
  /^(E(CONNRESET|CONNREFUSED|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)|UND_ERR_\w+)$/

/**
 * What an error of the SDK means: ArtifactStoreUnavailable when trying again may help, ArtifactStoreRefused when a
 * person has to see to it. What is not of S3 (a full disk, an abort) stays what it is.
 */
export function storeFailure(error: unknown, { bucket, endpoint }: Place): unknown {
  if (!(error instanceof Error)) return error
  const status = statusOf(error)
  const why = wrongPlace.get(error.name) ?? wrongCredentials.get(error.name)
  const place = `the bucket ${bucket}${endpoint === undefined ? '' : ` at ${endpoint}`}`
  const said = [error.name, error.message, status === null ? '' : `HTTP ${String(status)}`].filter(Boolean).join(', ')
  if (why !== undefined) return new ArtifactStoreRefused(`${place}: ${why} (${said})`, { cause: error })
  if (isConnectionLost(error) || busy.has(error.name) || status === 429 || (status ?? 0) >= 500) {
    return new ArtifactStoreUnavailable(`${place} does not answer as it should (${said})`, { cause: error })
  }
  return status === null ? error : new ArtifactStoreRefused(`${place} refuses (${said})`, { cause: error })
}

/** Whether the connection broke, or never was. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'TimeoutError' || error.message === 'aborted') return true
  const code = 'code' in error ? String(error.code) : ''
  return lost.test(code) || code === 'ERR_STREAM_PREMATURE_CLOSE' || isConnectionLost(error.cause)
}

/** The HTTP status that an SDK error came with; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('$metadata' in error)) return null
  const { $metadata: metadata } = error
  const isTold = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
  return isTold && typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : null
}
