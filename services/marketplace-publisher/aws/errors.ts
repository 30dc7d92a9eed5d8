import { translate as translateError } from '#publishing/sdk-errors.ts'

const credentials = 'check the AWS credentials of this process, and its clock'
const advice: Readonly<Record<string, string>> = {
  AccessDeniedException:
    'give these credentials the permissions that README.md lists; they must be of the seller’s account',
  InvalidSignatureException: credentials,
  SignatureDoesNotMatch: credentials,
  UnrecognizedClientException: credentials,
  MissingAuthenticationTokenException: credentials,
  ExpiredTokenException: 'renew the AWS credentials of this process',
  ServiceQuotaExceededException: 'wait until change sets of the account have ended, or cancel some; then retry',
}

/** Says what an error of AWS's means to the job; what is not AWS's passes as it is. */
export function translate(error: unknown, doing: string): unknown {
  return translateError(error, doing, advice)
}
