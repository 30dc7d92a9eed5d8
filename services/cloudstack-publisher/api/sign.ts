import { createHmac } from 'node:crypto'

/** Who asks. */
export interface Account {
  readonly key: string
  readonly secret: string
  /** Seconds for which a signature is good; below 0: the first signature, without an end. */
  readonly expiration: number
}

/**
 * Adds key, end and signature to a command (docs.cloudstack.apache.org, "Programmer Guide", "Signing API Requests"): fields
 * sorted, values encoded as Java does, all of it in small letters, HMAC-SHA1, base64. With version 3 it has an end, so that
 * nobody can send it again later.
 */
export function sign(
  fields: Readonly<Record<string, string>>,
  { key, secret, expiration }: Account,
  now: Date,
): Record<string, string> {
  const end =
    expiration < 0 ? {} : { signatureVersion: '3', expires: dateWithZone(new Date(now.getTime() + expiration * 1000)) }
  const all: Record<string, string> = { ...fields, response: 'json', apiKey: key, ...end }
  return { ...all, signature: signatureOf(all, secret) }
}

/** The signature of fields among which there is none. */
export function signatureOf(fields: Readonly<Record<string, string>>, secret: string): string {
  const text = Object.keys(fields)
    // By code unit, as Java sorts: not as people do.
    .toSorted((one, other) => (one < other ? -1 : 1))
    .map((name) => `${name}=${encodeField(fields[name] ?? '')}`)
    .join('&')
  return createHmac('sha1', secret).update(text.toLowerCase()).digest('base64')
}

/** `java.net.URLEncoder` with spaces as `%20`. */
export function encodeField(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function dateWithZone(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, '+0000')
}
