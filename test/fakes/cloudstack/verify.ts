import { createHmac } from 'node:crypto'
import { Refusal, unauthorized } from './refusal.ts'
import type { CloudWorld, FakeAccount } from './world.ts'

const unable = 'unable to verify user credentials and/or request signature'
const quarterHour = 15 * 60_000

/**
 * Who asks, by the rules of ApiServer.verifyRequest (CloudStack 4.20): fields sorted by code unit, values encoded anew,
 * small letters, HMAC-SHA1; with version 3 an end, in the form of DateUtil.parseTZDateString, that has not passed.
 */
export function verify(world: CloudWorld, fields: ReadonlyMap<string, string>, now: Date): FakeAccount {
  const refuse = (): never => {
    throw new Refusal(unauthorized, unable)
  }
  const signature = fields.get('signature')
  const account = world.accounts.find(({ key }) => key === fields.get('apiKey'))
  if (signature === undefined || account === undefined) return refuse()
  const enforced = world.options.enforceTimestamps ?? true
  if (fields.get('signatureVersion') === '3') {
    const expires = fields.get('expires') ?? ''
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/.test(expires)) return refuse()
    const end = Date.parse(expires.replace(/(\d\d)$/, ':$1'))
    if (end < now.getTime() || (enforced && end > now.getTime() + quarterHour)) return refuse()
  } else if (enforced) return refuse()

  const unsigned = [...fields]
    .filter(([name]) => name !== 'signature')
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${javaEncode(value)}`)
    .join('&')
  const computed = createHmac('sha1', account.secret).update(unsigned.toLowerCase()).digest('base64')
  return computed === signature ? account : refuse()
}

/** URLEncoder.encode, and `+` as `%20`: all but letters, digits and `.-*_`, byte by byte. */
function javaEncode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const sign = String.fromCharCode(byte)
      return /[\w.*-]/.test(sign) ? sign : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}
