import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'

/** What a receiver looks the public key up by: `<selector>._domainkey.<domain>`. */
export const dkimSettings = {
  mailDkimKey: z.string().nullable().default(null),
  mailDkimSelector: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i)
    .nullable()
    .default(null),
  mailDkimDomain: z.hostname().nullable().default(null),
}

interface DkimSettings {
  readonly mailDkimKey: string | null
  readonly mailDkimSelector: string | null
  readonly mailDkimDomain: string | null
}

/** Signs a message (RFC 6376): the same bytes for the same message, so that a copy is the same copy. */
export type SignMail = (message: Buffer) => Promise<Buffer>

/** Makes what signs mails; null when no key is set. The domain is the sender's unless it is set. */
export function createSigner(settings: DkimSettings, from: string): SignMail | null {
  const { mailDkimKey: path, mailDkimSelector: selector, mailDkimDomain: domain } = settings
  if (path === null && selector === null && domain === null) return null
  if (path === null) throw new InvalidConfig('IMAGEDROP_ANNOUNCER_MAIL_DKIM_KEY: it names no file, but DKIM is set up')
  if (selector === null) {
    throw new InvalidConfig('IMAGEDROP_ANNOUNCER_MAIL_DKIM_SELECTOR: it is not set, but there is a key for DKIM')
  }
  const key = {
    domainName: domain ?? from.slice(from.lastIndexOf('@') + 1),
    keySelector: selector,
    privateKey: readKey(path).export({ type: 'pkcs8', format: 'pem' }),
  }
  return async (message) => {
    const { default: DKIM } = await import('nodemailer/lib/dkim')
    return await buffer(new DKIM(key).sign(message))
  }
}

/** RSA, the kind that every receiver can verify; RFC 8301 asks for 1024 bits at the least. */
function readKey(path: string): KeyObject {
  const refuse = (why: string) => new InvalidConfig(`IMAGEDROP_ANNOUNCER_MAIL_DKIM_KEY: ${path} ${why}`)
  let key: KeyObject
  try {
    key = createPrivateKey(readFileSync(path))
  } catch (error) {
    throw refuse(`cannot be read as a private key in PEM: ${messageOf(error)}`)
  }
  if (key.asymmetricKeyType !== 'rsa') throw refuse(`is a key of type ${String(key.asymmetricKeyType)}, not RSA`)
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (bits < 1024) throw refuse(`has ${String(bits)} bits, which receivers do not accept; take 2048`)
  return key
}
