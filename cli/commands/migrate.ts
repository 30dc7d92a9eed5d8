import { pino } from 'pino'
import { openBus } from '../backends/open-bus.ts'
import { openLedger } from '../backends/open-ledger.ts'
import { postgresAddress } from '../backends/postgres-address.ts'
import { readBusSettings, readLedgerSettings } from '../backends/settings.ts'
import { defineCommand, type Environment } from '../command.ts'
import { stateOption } from '../options.ts'
import { findServices } from '../services.ts'
import { stateFolderOf } from '../stack.ts'

export const migrateCommand = defineCommand({
  name: 'migrate',
  summary: "bring the ledger's tables and the broker's queues up to date, before services of this version start",
  options: { state: stateOption },
  examples: ['migrate'],
  exits: { 0: 'ledger and broker are as this version needs them', 1: 'they could not be reached or changed' },
  async run({ values, env }) {
    const stateFolder = stateFolderOf(values.state, env)
    const log = pino({ level: 'warn' }, pino.destination(2))
    process.stdout.write(`ledger: ${await migrateLedger(stateFolder, env)}\n`)
    const settings = readBusSettings(env)
    if (settings.url === undefined) return 0
    await using bus = await openBus(settings, { stateFolder, log })
    const { interests } = await findServices(env)
    const inboxes = await interests()
    await bus.prepare(inboxes)
    process.stdout.write(`bus: the inboxes of ${inboxes.map(({ service }) => service).join(', ')} are there\n`)
    return 0
  },
})

async function migrateLedger(stateFolder: string, env: Environment): Promise<string> {
  const settings = readLedgerSettings(env)
  if (settings.url === undefined) {
    await using _ledger = await openLedger(settings, stateFolder, pino({ level: 'silent' }))
    return 'up to date'
  }
  const { migratePostgres } = await import('#ledger/postgres/migrate.ts')
  const log = pino({ level: 'warn' }, pino.destination(2))
  const address = await postgresAddress(settings.url, settings)
  const applied = await migratePostgres({ ...address, words: await (await findServices(env)).words(), log })
  return applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`
}
