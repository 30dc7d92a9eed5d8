import { ArtifactCorrupted, ArtifactMissing } from '#artifacts/store.ts'
import { messageOf, PermanentError, TransientError } from '#service/errors.ts'

const throttles = new Set([
  'RequestLimitExceeded',
  'RequestThrottledException',
  'ThrottlingException',
  'Throttling',
  'ConcurrentLimitExceededException',
  'PendingSnapshotLimitExceeded',
  'SnapshotCreationPerVolumeRateExceeded',
])
const network = /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_STREAM|TimeoutError|RequestTimeout)/

const advice: Readonly<Record<string, string>> = {
  ResourceLimitExceeded: 'deregister public images that nobody needs, or ask AWS to raise the quota "Public AMIs"',
  ServiceQuotaExceededException: 'ask AWS to raise the quota named',
  SnapshotLimitExceeded: 'delete snapshots that nobody needs, or ask AWS to raise the quota',
  OperationNotPermitted: 'call DisableImageBlockPublicAccess in that region; it takes effect within 10 minutes',
  UnauthorizedOperation: 'give these credentials the permissions that README.md lists',
  AccessDeniedException: 'give these credentials the permissions that README.md lists',
  AuthFailure: 'check the AWS credentials of this process',
  SignatureDoesNotMatch: 'check the AWS credentials of this process',
  InvalidSignatureException: 'check the AWS credentials of this process, and its clock',
  UnrecognizedClientException: 'check the AWS credentials of this process',
  RequestExpired: 'check the clock of this machine',
  ExpiredTokenException: 'renew the AWS credentials of this process',
  EmulatorStorageFull: 'make room on the disk that holds the emulated cloud',
  OptInRequired: 'enable the region for the account',
}

/** AWS's code of an error, `InvalidAMIName.Duplicate`; null for what is not AWS's. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && '$metadata' in error && '$fault' in error ? error.name : null
}

/** Throttling, trouble of AWS's own, or of the network: the same request may work later. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (throttles.has(error.name) || network.test(error.name)) return true
  if ('code' in error && network.test(String(error.code))) return true
  return codeOf(error) !== null && statusOf(error) >= 500
}

/** It is not there: never was, not any more, or not yet to be seen. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  return code === 'ResourceNotFoundException' || /\.(NotFound|Unavailable)$/.test(code)
}

/** Says what an error of AWS's means to the job; what is not AWS's passes as it is. */
export function translate(error: unknown, doing: string): unknown {
  if (isOurs(error)) return error
  const said = `${doing}: ${codeOf(error) ?? nameOf(error)}: ${messageOf(error)}`
  if (isBusy(error)) return new TransientError(said, { cause: error })
  if (error instanceof Error && /^(CredentialsProvider|TokenProvider|Provider)Error$/.test(error.name))
    return new PermanentError('environment', `${said} (no AWS credentials were found)`, { cause: error })
  const code = codeOf(error)
  if (code === null) return error
  const then = advice[code]
  return new PermanentError('refused', then === undefined ? said : `${said} (${then})`, { cause: error })
}

function isOurs(error: unknown): boolean {
  return [TransientError, PermanentError, ArtifactCorrupted, ArtifactMissing].some((kind) => error instanceof kind)
}

function statusOf(error: unknown): number {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } }
  return $metadata?.httpStatusCode ?? 0
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'error'
  return 'code' in error ? String(error.code) : error.name
}
