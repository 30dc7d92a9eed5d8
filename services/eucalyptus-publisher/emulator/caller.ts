import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isSignedWith, readAuthorization, stampOf } from '#publishing/signature-v4.ts'
import { ApiError } from './api-error.ts'
import { takeSignatureV2 } from './signature-v2.ts'
import type { Account, World } from './world.ts'

/** The services behind the one address. */
export type ServiceName = 'compute' | 'objectstorage' | 'bootstrap'

/** Milliseconds that a request may be signed ahead of the cloud's clock: `StackConfiguration.CLOCK_SKEW_SEC`. */
const ahead = 20_000
/** And behind it: `QueryTimestampHandler`. Object storage has the quarter of an hour both ways: `assertDateNotSkewed`. */
const behind = 900_000

/**
 * Who signed a request, by Signature Version 4, or a form by version 2. Region and service are in what is signed, and otherwise
 * not looked at (`Hmacv4LoginModule`: "TODO Do we want to validate region and service name?"). Throws ApiError.
 */
export function callerOf(
  request: IncomingMessage,
  { service, body, form }: { readonly service: ServiceName; readonly body: Buffer; readonly form: URLSearchParams },
  world: World,
): Account {
  const words = service === 'objectstorage' ? storageWords : computeWords
  const now = world.now().getTime()
  const accountOf = (keyId: string) => {
    const account = world.accounts.find(({ accessKeyId }) => accessKeyId === keyId)
    if (!account) throw words.unknown
    return account
  }
  const older = service === 'objectstorage' ? null : takeSignatureV2(request, form)
  if (older) {
    const account = accountOf(older.keyId)
    assertTimely(Date.parse(older.timestamp), service, now)
    if (!older.isMadeWith(account.secretAccessKey)) throw words.wrong
    return account
  }
  const authorization = readAuthorization(request)
  if (!authorization) throw words.missing
  const account = accountOf(authorization.keyId)
  assertTimely(timeOf(stampOf(request)), service, now)
  const digest = createHash('sha256').update(body).digest('hex')
  if (!isSignedWith(account.secretAccessKey, request, payloadOf(request, digest, service), authorization))
    throw words.wrong
  return account
}

/** Object storage is told the digest of the body, and compares it; elsewhere it is only in the signature. */
function payloadOf({ headers }: IncomingMessage, digest: string, service: ServiceName): string {
  if (service !== 'objectstorage') return digest
  const told = headers['x-amz-content-sha256']
  // `S3V4Authentication.getUnverifiedPayloadHash`
  if (typeof told !== 'string') throw denied('x-amz-content-sha256 header is missing.')
  if (told === 'UNSIGNED-PAYLOAD') return told
  if (!/^[0-9a-f]{64}$/.test(told)) throw denied('x-amz-content-sha256 header is invalid.')
  if (told !== digest) throw new ApiError(400, 'XAmzContentSHA256Mismatch', 'The body is not that of the digest.')
  return told
}

function timeOf(stamp: string): number {
  return Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function assertTimely(time: number, service: ServiceName, now: number): void {
  if (service === 'objectstorage') {
    if (Math.abs(time - now) <= behind) return
    const message = "The difference between the request time and the server's time is too large."
    throw new ApiError(403, 'RequestTimeTooSkewed', message)
  }
  const at = Number.isNaN(time) ? 'null' : new Date(time).toUTCString()
  if (!(time <= now + ahead)) throw unauthorized(`Message was generated in the future (times in UTC): Timestamp=${at}`)
  if (time < now - behind - ahead) throw unauthorized(`Message has expired (times in UTC): Timestamp=${at}`)
}

/** What a login that fails is answered with (`NioServerHandler.exceptionCaught`); its code is this emulator's own. */
function unauthorized(message: string): ApiError {
  return new ApiError(403, 'AuthFailure', message)
}

function denied(message: string): ApiError {
  return new ApiError(403, 'AccessDenied', message)
}

const computeWords = {
  missing: unauthorized('Authorization parameters not found'),
  unknown: unauthorized('The AWS Access Key Id you provided does not exist in our records'),
  wrong: unauthorized('Signature validation failed'),
}

/** `S3Exceptions.groovy` */
const storageWords = {
  missing: denied('Access Denied'),
  unknown: new ApiError(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.'),
  wrong: new ApiError(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
  ),
}
