import { codeOf, translate as translateError } from '#publishing/sdk-errors.ts'

const advice: Readonly<Record<string, string>> = {
  ResourceLimitExceeded: 'deregister public images that nobody needs, or ask AWS to raise the quota "Public AMIs"',
  ServiceQuotaExceededException: 'ask AWS to raise the quota named',
  SnapshotLimitExceeded: 'delete snapshots that nobody needs, or ask AWS to raise the quota',
  OperationNotPermitted: 'call DisableImageBlockPublicAccess in that region; it takes effect within 10 minutes',
  UnauthorizedOperation: 'give these credentials the permissions that README.md lists',
  AccessDenied: 'give these credentials the permissions that README.md lists',
  AccessDeniedException: 'give these credentials the permissions that README.md lists',
  AuthFailure: 'check the AWS credentials of this process',
  SignatureDoesNotMatch: 'check the AWS credentials of this process',
  InvalidSignatureException: 'check the AWS credentials of this process, and its clock',
  UnrecognizedClientException: 'check the AWS credentials of this process',
  InvalidAccessKeyId: 'check the AWS credentials of this process',
  NoSuchBucket: 'make it, or set IMAGEDROP_EC2_PUBLISHER_IMPORT_BUCKETS',
  RequestExpired: 'check the clock of this machine',
  RequestTimeTooSkewed: 'check the clock of this machine',
  ExpiredTokenException: 'renew the AWS credentials of this process',
  EmulatorStorageFull: 'make room on the disk that holds the emulated cloud',
  OptInRequired: 'enable the region for the account',
}

/** It is not there: never was, not any more, or not yet to be seen. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  return code === 'ResourceNotFoundException' || /\.(NotFound|Unavailable)$/.test(code)
}

/** Says what an error of AWS's means to the job; what is not AWS's passes as it is. */
export function translate(error: unknown, doing: string): unknown {
  return translateError(error, doing, advice)
}
