import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pino, type Logger } from 'pino'
import { createFolderStore } from '#artifacts/folder.ts'
import type { Bus } from '#bus/bus.ts'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import type { Assemble, Assembled, Host } from '#service/host.ts'
import { ownerOfThisProcess } from '#service/owner.ts'
import { runServices, type Running } from '#service/run.ts'

/** The services in the order of the pipeline, each assembled by its own main.ts. */
export const serviceNames = [
  'scheduler',
  'builder',
  'converter',
  'boot-tester',
  'ec2-publisher',
  'mirror-publisher',
  'announcer',
] as const
export type ServiceName = (typeof serviceNames)[number]

export interface StackOptions {
  readonly stateFolder: string
  readonly services: readonly ServiceName[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Logger
}

/** Services at work on the embedded ledger, bus and store. */
export interface Stack extends Running {
  readonly stateFolder: string
  readonly ledger: Ledger
  readonly bus: Bus
  readonly log: Logger
  readonly assembled: readonly Assembled[]
}

/** Where the state is when nobody says otherwise. */
export function stateFolderOf(option: string | undefined): string {
  return resolve(option ?? process.env['IMAGEDROP_STATE'] ?? '.imagedrop')
}

/** The log of the embedded default: `<state>/logs/imagedrop.log`, one JSON object per line. */
export async function openLog(stateFolder: string): Promise<Logger> {
  const folder = join(stateFolder, 'logs')
  await mkdir(folder, { recursive: true })
  return pino({ base: null }, pino.destination({ dest: join(folder, 'imagedrop.log'), append: true, sync: false }))
}

/** Opens the ledger of a state folder, for commands that only look or ask. */
export async function openLedger(stateFolder: string): Promise<Ledger> {
  return await openSqliteLedger(join(stateFolder, 'ledger'))
}

/** Starts services in this process on the embedded default: SQLite, a folder, and a bus in memory. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { stateFolder, env, log } = options
  const artifacts = await createFolderStore(join(stateFolder, 'artifacts'))
  await artifacts.clearDrafts()
  const ledger = await openLedger(stateFolder)
  const bus = createMemoryBus()
  const now = () => new Date()
  const host: Host = { stateFolder, artifacts, log, now, env }
  const assembled = await Promise.all(serviceNames.map((name) => assemble(name, host)))
  const shop = { ledger, bus, owner: ownerOfThisProcess(), stateFolder, now, log }
  const isActive = ({ name }: { name: string }) => options.services.some((one) => one === name)
  const running = await runServices(assembled, shop, isActive)
  return {
    ...running,
    stateFolder,
    ledger,
    bus,
    log,
    assembled: assembled.filter(({ service }) => isActive(service)),
    async stop(grace) {
      await running.stop(grace)
      await bus[Symbol.asyncDispose]()
      await ledger[Symbol.asyncDispose]()
      log.flush()
    },
  }
}

async function assemble(name: ServiceName, host: Host): Promise<Assembled> {
  const module = (await import(`../services/${name}/main.ts`)) as { assemble: Assemble }
  return await module.assemble(host)
}
