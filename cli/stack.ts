import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pino, type Logger } from 'pino'
import type { Bus } from '#bus/bus.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { watchTogether, type WatchAttempt } from '#service/attempt-watch.ts'
import type { Assemble, Assembled, Host } from '#service/host.ts'
import { ownerOfThisProcess } from '#service/owner.ts'
import { runServices, type Running } from '#service/run.ts'
import { openArtifacts } from './backends/open-artifacts.ts'
import { openBus } from './backends/open-bus.ts'
import { openLedger } from './backends/open-ledger.ts'
import { readArtifactSettings, readBusSettings, readLedgerSettings } from './backends/settings.ts'
import { importAssemble, serviceNames, type ServiceName } from './services.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface StackOptions {
  readonly stateFolder: string
  readonly services: readonly ServiceName[]
  /** How many jobs of each service run at a time in this process; default is the service's own setting. */
  readonly concurrency?: number | undefined
  readonly env: Environment
  readonly log: Logger
  readonly watchers?: readonly WatchAttempt[]
  /** Where services come from; others than the real ones take part in measurements. */
  readonly assembleFor?: (name: ServiceName) => Promise<Assemble>
}

/** Services at work on the ledger, bus and store that the environment names. */
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

/** Opens the ledger for commands that only look or ask. */
export async function openLedgerToAsk(stateFolder: string): Promise<Ledger> {
  return await openLedger(readLedgerSettings(process.env), stateFolder, pino({ level: 'warn' }, pino.destination(2)))
}

/** Starts services in this process: by default on SQLite, a folder, and a bus in memory. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { stateFolder, services, env, log, watchers = [] } = options
  const busSettings = readBusSettings(env)
  await using opened = new AsyncDisposableStack()
  const ledger = opened.use(await openLedger(readLedgerSettings(env), stateFolder, log))
  const bus = opened.use(await openBus(busSettings, { stateFolder, log }))
  const artifacts = await openArtifacts(readArtifactSettings(env), stateFolder, log)
  const now = () => new Date()
  // A bus within the process fills the inboxes of all services: nobody else does. A broker keeps them by itself.
  const present = busSettings.url === undefined ? serviceNames : services
  const assembled = await Promise.all(
    present.map((name) => assemble(name, options, { stateFolder, artifacts, log, now, env })),
  )
  const watchAttempt = watchTogether(watchers)
  const runtime = { ledger, bus, owner: ownerOfThisProcess(), stateFolder, now, log, watchAttempt }
  const isActive = ({ name }: { name: string }) => services.some((one) => one === name)
  const running = await runServices(assembled, runtime, isActive)
  const closing = opened.move()
  return {
    ...running,
    stateFolder,
    ledger,
    bus,
    log,
    assembled: assembled.filter(({ service }) => isActive(service)),
    async stop(grace) {
      await running.stop(grace)
      await closing.disposeAsync()
      log.flush()
    },
  }
}

async function assemble(name: ServiceName, options: StackOptions, host: Host): Promise<Assembled> {
  const { concurrency, assembleFor = importAssemble } = options
  const assembled = await (await assembleFor(name))(host)
  if (concurrency === undefined) return assembled
  return { ...assembled, service: { ...assembled.service, concurrency } }
}
