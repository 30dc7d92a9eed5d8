import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Ledger } from '#ledger/ledger.ts'
import type { LedgerSettings } from './settings.ts'

/** Opens the ledger that the settings name; the embedded one brings its tables up to date by itself. */
export async function openLedger(settings: LedgerSettings, stateFolder: string, log: Logger): Promise<Ledger> {
  const { url, poolSize } = settings
  if (url === undefined) {
    const { openSqliteLedger } = await import('#ledger/sqlite/open.ts')
    return await openSqliteLedger(join(stateFolder, 'ledger'))
  }
  const { openPostgresLedger } = await import('#ledger/postgres/open.ts')
  return await openPostgresLedger({ url, poolSize, log })
}
