import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Ledger } from '#ledger/ledger.ts'
import type { Patience } from '#ledger/persist.ts'
import { prepareStateFolder } from '../state-folder.ts'
import { postgresAddress } from './postgres-address.ts'
import type { LedgerSettings } from './settings.ts'

/**
 * Opens the ledger that the settings name; the embedded one brings its tables up to date by itself. Its absence, and that
 * it is back, is logged once.
 */
export async function openLedger(
  settings: LedgerSettings,
  stateFolder: string,
  log: Logger,
  { ending, onAway }: Patience = {},
): Promise<Ledger> {
  const { url, poolSize } = settings
  const patience: Patience = {
    ...(ending === undefined ? {} : { ending }),
    onAway(reason) {
      if (reason === null) log.info('the ledger is back')
      else log.warn({ reason }, 'the ledger is away')
      onAway?.(reason)
    },
  }
  if (url === undefined) {
    await prepareStateFolder(stateFolder)
    const { openSqliteLedger } = await import('#ledger/sqlite/open.ts')
    return await openSqliteLedger(join(stateFolder, 'ledger'), patience)
  }
  const { openPostgresLedger } = await import('#ledger/postgres/open.ts')
  return await openPostgresLedger({ ...(await postgresAddress(url, settings)), poolSize, log, ...patience })
}
