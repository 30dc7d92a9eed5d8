import { readFile } from 'node:fs/promises'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'
import type { LedgerSettings } from './settings.ts'

/** How to reach PostgreSQL by the settings: its URL, and the PEM files that they name. Throws InvalidConfig. */
export async function postgresAddress(url: string, { ca, cert, key }: LedgerSettings) {
  if ((cert === undefined) !== (key === undefined)) {
    throw new InvalidConfig('IMAGEDROP_LEDGER_CERT and IMAGEDROP_LEDGER_KEY only work together')
  }
  const files = Object.entries({ ca, cert, key }).flatMap(([name, path]) =>
    path === undefined ? [] : [{ name, path }],
  )
  if (files.length === 0) return { url }
  return { url, tls: Object.fromEntries(await Promise.all(files.map(readPem))) }
}

async function readPem({ name, path }: { name: string; path: string }): Promise<[string, string]> {
  try {
    return [name, await readFile(path, 'utf8')]
  } catch (error) {
    throw new InvalidConfig(`IMAGEDROP_LEDGER_${name.toUpperCase()}: ${messageOf(error)}`, { cause: error })
  }
}
