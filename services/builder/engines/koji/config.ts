import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { InvalidConfig, readConfig } from '#service/config.ts'
import type { KojiHubOptions } from './hub/connect.ts'
import { fixedLimits, hour, minute, type KojiLimits } from './limits.ts'
import type { Credentials } from './rpc/credentials.ts'
import type { PemFile } from './rpc/exchange.ts'

const time = z.coerce.number().positive()
const file = z.string().startsWith('/').optional()
const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))

const settings = {
  hub: address.optional().describe('The hub: https://koji.example.org/kojihub; without it, nothing is built by Koji'),
  files: address.optional().describe('Where its files are served; default: /kojifiles of the same host'),
  authority: file.describe('Who signs its certificate, in PEM; default: whom the host trusts'),
  login: z.enum(['kerberos', 'certificate', 'password']).default('kerberos'),
  keytab: file.describe('Kerberos: from which tickets are taken; default: as the host does it'),
  ticketCache: z.string().min(1).optional().describe('Kerberos: where tickets are kept'),
  certificate: file.describe('Our certificate, in PEM'),
  key: file.describe('Its key; default: in the same file'),
  user: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
  pollMinutes: time.default(5),
  queuedHours: time.default(12),
  silentMinutes: time.default(90),
  totalHours: time.default(36),
  awayHours: time.default(6),
}
type Settings = z.infer<z.ZodObject<typeof settings>>

/** How Koji is reached and how long it is waited for. */
export interface KojiConfig {
  /** Null: none is configured. */
  readonly hub: KojiHubOptions | null
  readonly limits: KojiLimits
}

/** Reads the settings of Koji. Throws InvalidConfig. */
export function readKojiConfig(env: Readonly<Record<string, string | undefined>>): KojiConfig {
  const found = readConfig('KOJI', settings, env)
  const limits = {
    ...fixedLimits,
    poll: found.pollMinutes * minute,
    queued: found.queuedHours * hour,
    silent: found.silentMinutes * minute,
    total: found.totalHours * hour,
    away: found.awayHours * hour,
  }
  const { hub: url, files, authority } = found
  if (url === undefined) return { hub: null, limits }
  const signer = authority === undefined ? null : readPem('AUTHORITY', authority)
  return {
    hub: {
      address: { url, authority: signer },
      files: { url: files ?? new URL('/kojifiles', url).href, authority: signer },
      credentials: credentialsOf(found),
    },
    limits,
  }
}

function credentialsOf({ login, keytab, ticketCache, certificate, key, user, password }: Settings): Credentials {
  switch (login) {
    case 'kerberos':
      return { kind: 'gssapi', keytab: keytab ?? null, cache: ticketCache ?? null }
    case 'certificate': {
      const chain = readPem('CERTIFICATE', expectSetting('CERTIFICATE', certificate, login))
      return { kind: 'certificate', chain, key: key === undefined ? chain : readPem('KEY', key) }
    }
    case 'password':
      return {
        kind: 'password',
        user: expectSetting('USER', user, login),
        password: expectSetting('PASSWORD', password, login),
      }
  }
}

function expectSetting(name: string, value: string | undefined, login: string): string {
  if (value !== undefined) return value
  throw new InvalidConfig(`IMAGEDROP_KOJI_${name}: not set, but IMAGEDROP_KOJI_LOGIN is ${login}`)
}

function readPem(name: string, path: string): PemFile {
  try {
    return { path, pem: readFileSync(path, 'utf8') }
  } catch (error) {
    throw new InvalidConfig(`IMAGEDROP_KOJI_${name}: ${path} cannot be read`, { cause: error })
  }
}
