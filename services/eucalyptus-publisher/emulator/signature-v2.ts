import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** What of a form is the signature, and no parameter of the action. */
const ofSignature = ['AWSAccessKeyId', 'Signature', 'SignatureMethod', 'SignatureVersion', 'Timestamp']

/** What the form of a request says of its Signature Version 2, which euca2ools registers images with. */
export interface SignatureV2 {
  readonly keyId: string
  /** ISO 8601 */
  readonly timestamp: string
  isMadeWith(secret: string): boolean
}

/** Reads a signature of a form, and takes it out of the form; null when there is none. */
export function takeSignatureV2(request: IncomingMessage, form: URLSearchParams): SignatureV2 | null {
  const signature = form.get('Signature')
  if (signature === null || form.get('SignatureVersion') !== '2' || form.get('SignatureMethod') !== 'HmacSHA256')
    return null
  const signed = stringToSign(request, form)
  const [keyId, timestamp] = [form.get('AWSAccessKeyId') ?? '', form.get('Timestamp') ?? '']
  for (const name of ofSignature) form.delete(name)
  return {
    keyId,
    timestamp,
    isMadeWith(secret) {
      const expected = createHmac('sha256', secret).update(signed).digest()
      const given = Buffer.from(signature, 'base64')
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}

/** `Hmacv2LoginModule.makeSubjectString`: method, host, path, and the parameters in the order of their bytes. */
function stringToSign({ method = 'GET', headers, url = '/' }: IncomingMessage, form: URLSearchParams): string {
  const { pathname } = new URL(url, 'http://localhost')
  const pairs = [...form].filter(([name]) => name !== 'Signature').map((pair) => pair.map(encode).join('='))
  return [method, (headers.host ?? '').toLowerCase(), pathname, pairs.toSorted().join('&')].join('\n')
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
