import type { IncomingMessage } from 'node:http'
import { isSignedWith, isTimely, readAuthorization, stampOf } from '#publishing/signature-v4.ts'
import { ApiError } from './api-error.ts'

export interface Account {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly accountId: string
  /** Operations that its policies do not allow. */
  readonly denied?: readonly string[]
}

/** The catalog is in one region, and signs by the name of the whole. */
const scope = { region: 'us-east-1', service: 'aws-marketplace' }

/** Finds the account that signed a request. Throws ApiError. */
export function verifySignature(
  request: IncomingMessage,
  bodySha256: string,
  { accounts, now }: { readonly accounts: readonly Account[]; readonly now: Date },
): Account {
  const authorization = readAuthorization(request)
  if (!authorization) throw new ApiError(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token')
  const account = accounts.find((one) => one.accessKeyId === authorization.keyId)
  if (!account)
    throw new ApiError(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.')
  const wrong = (message: string) => new ApiError(403, 'InvalidSignatureException', message)
  const { region, service, day } = authorization
  if (region !== scope.region || service !== scope.service || !stampOf(request).startsWith(day))
    throw wrong(`Credential should be scoped to ${scope.region} and to correct service: '${scope.service}'.`)
  if (!isTimely(request, now)) throw wrong(`Signature not yet current or expired: ${stampOf(request)}`)
  if (!isSignedWith(account.secretAccessKey, request, bodySha256, authorization))
    throw wrong('The request signature we calculated does not match the signature you provided.')
  return account
}
