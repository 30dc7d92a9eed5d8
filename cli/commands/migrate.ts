import { pino } from 'pino'
import { openBus } from '../backends/open-bus.ts'
import { openLedger } from '../backends/open-ledger.ts'
import { readBusSettings, readLedgerSettings } from '../backends/settings.ts'
import { interests, words } from '../services.ts'
import { stateFolderOf } from '../stack.ts'
import { parseOptions, type Command } from '../usage.ts'

export const migrateCommand: Command = {
  name: 'migrate',
  usage: 'usage: imagedrop migrate [--state DIR]',
  summary: "bring the ledger's tables and the broker's queues up to date, before services of this version start",
  async run(args) {
    const { values } = parseOptions(migrateCommand, args, { state: { type: 'string' } })
    const stateFolder = stateFolderOf(values.state)
    const log = pino({ level: 'warn' }, pino.destination(2))
    process.stdout.write(`ledger: ${await migrateLedger(stateFolder)}\n`)
    const settings = readBusSettings(process.env)
    if (settings.url === undefined) return 0
    await using bus = await openBus(settings, { stateFolder, log })
    const inboxes = await interests()
    await bus.prepare(inboxes)
    process.stdout.write(`bus: the inboxes of ${inboxes.map(({ service }) => service).join(', ')} are there\n`)
    return 0
  },
}

async function migrateLedger(stateFolder: string): Promise<string> {
  const settings = readLedgerSettings(process.env)
  if (settings.url === undefined) {
    await using _ledger = await openLedger(settings, stateFolder, pino({ level: 'silent' }))
    return 'up to date'
  }
  const { migratePostgres } = await import('#ledger/postgres/migrate.ts')
  const log = pino({ level: 'warn' }, pino.destination(2))
  const applied = await migratePostgres({ url: settings.url, words: await words(), log })
  return applied.length === 0 ? 'up to date' : `applied ${applied.join(', ')}`
}
