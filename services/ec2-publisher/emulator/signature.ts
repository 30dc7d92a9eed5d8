import type { IncomingMessage } from 'node:http'
import { isSignedWith, isTimely, readAuthorization, stampOf } from '#publishing/signature-v4.ts'
import { ApiError } from './api-error.ts'
import { findRegion, type OptedIn } from './regions.ts'

export interface Account {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly accountId: string
  /** The partition whose regions know this key, as `aws-cn`; without it all do. */
  readonly partition?: string
  /** Operations that its policies do not allow. */
  readonly denied?: readonly string[]
}

/** Who signed a request, and for which region. */
export interface Caller {
  readonly accountId: string
  readonly region: string
  readonly denied: readonly string[]
}

const unsigned = 'UNSIGNED-PAYLOAD'

/** The services behind the one address, by the names that requests to them are signed for. */
export type ServiceName = 'ec2' | 'ebs' | 'iam' | 'servicequotas' | 'ssm'

interface Checks {
  readonly service: ServiceName
  readonly accounts: readonly Account[]
  readonly optedIn: OptedIn
  readonly now: Date
}

/** How a service words its refusals of credentials. */
interface Words {
  readonly missing: readonly [number, string]
  readonly unknown: readonly [number, string]
  readonly wrong: readonly [number, string]
  readonly expired: readonly [number, string]
}

const jsonWords: Words = {
  missing: [403, 'MissingAuthenticationTokenException'],
  unknown: [403, 'UnrecognizedClientException'],
  wrong: [403, 'InvalidSignatureException'],
  expired: [403, 'InvalidSignatureException'],
}

const wordsOf: Readonly<Record<ServiceName, Words>> = {
  ec2: {
    missing: [401, 'AuthFailure'],
    unknown: [401, 'AuthFailure'],
    wrong: [403, 'SignatureDoesNotMatch'],
    expired: [400, 'RequestExpired'],
  },
  ebs: jsonWords,
  iam: {
    missing: [403, 'MissingAuthenticationToken'],
    unknown: [403, 'InvalidClientTokenId'],
    wrong: [403, 'SignatureDoesNotMatch'],
    expired: [403, 'SignatureDoesNotMatch'],
  },
  servicequotas: jsonWords,
  ssm: jsonWords,
}

/** Verifies a request's Signature Version 4. Throws ApiError in the words of the service. */
export function verifySignature(
  request: IncomingMessage,
  bodySha256: string,
  { service, accounts, optedIn, now }: Checks,
): Caller {
  const words = wordsOf[service]
  const authorization = readAuthorization(request)
  if (!authorization)
    throw new ApiError(...words.missing, 'The request carries no well-formed AWS4-HMAC-SHA256 authorization.')
  const { keyId, day, region } = authorization
  const place = findRegion(region, optedIn)
  if (!place) throw new ApiError(...words.wrong, `Credential should be scoped to a valid Region, not '${region}'.`)
  const account = accounts.find((one) => one.accessKeyId === keyId)
  // A region that is not enabled for an account has never heard of its keys, nor has another partition.
  const isElsewhere = account?.partition !== undefined && account.partition !== place.partition.id
  if (!account || isElsewhere || place.status === 'not-opted-in')
    throw new ApiError(...words.unknown, 'AWS was not able to validate the provided access credentials')
  const time = stampOf(request)
  if (authorization.service !== service || !time.startsWith(day))
    throw new ApiError(...words.wrong, `Credential should be scoped to correct service: '${service}'.`)
  if (!isTimely(request, now)) throw new ApiError(...words.expired, `Signature not yet current or expired: ${time}`)

  const declared = request.headers['x-amz-content-sha256']
  const payload = declared === unsigned && service === 'ebs' ? unsigned : bodySha256
  if (!isSignedWith(account.secretAccessKey, request, payload, authorization))
    throw new ApiError(...words.wrong, 'The request signature we calculated does not match the signature you provided.')
  return { accountId: account.accountId, region, denied: account.denied ?? [] }
}
