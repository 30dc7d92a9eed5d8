import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino, type Logger } from 'pino'
import type { Bus } from '#bus/bus.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { watchTogether, type WatchAttempt } from '#service/attempt-watch.ts'
import type { Runtime } from '#service/runtime.ts'
import type { Assemble, Assembled, Host } from '#service/host.ts'
import { readClaims } from '#service/claims.ts'
import { ownerOfThisProcess } from '#service/owner.ts'
import { runServices, type Running } from '#service/run.ts'
import { openArtifacts } from './backends/open-artifacts.ts'
import { openHostCapacity } from './backends/host-capacity.ts'
import { openBus } from './backends/open-bus.ts'
import { openLedger } from './backends/open-ledger.ts'
import { readArtifactSettings, readBusSettings, readLedgerSettings } from './backends/settings.ts'
import type { Environment } from './command.ts'
import type { Services } from './services.ts'

export interface StackOptions {
  readonly stateFolder: string
  readonly services: Services
  /** Names of those that run in this process. */
  readonly run: readonly string[]
  /** How many jobs of each service run at a time in this process; default is the service's own setting. */
  readonly concurrency?: number | undefined
  readonly env: Environment
  readonly log: Logger
  readonly watchers?: readonly WatchAttempt[]
  /** Told why the ledger went away, and null when it is back. */
  readonly onAway?: (reason: string | null) => void
  /** When the process is told to stop: a start that waits for the ledger is then given up. */
  readonly end?: Promise<unknown>
  readonly onRefused?: Runtime['onRefused']
  /** Where services come from; others than the real ones take part in measurements. */
  readonly assembleFor?: (name: string) => Promise<Assemble>
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
export function stateFolderOf(option: string | undefined, env: Environment): string {
  return resolve(option ?? env['IMAGEDROP_STATE'] ?? '.imagedrop')
}

/** Opens the ledger for commands that only look or ask. */
export async function openLedgerToAsk(stateFolder: string, env: Environment): Promise<Ledger> {
  const log = pino({ level: 'error' }, pino.destination(2))
  return await openLedger(readLedgerSettings(env), stateFolder, log, {
    onAway(reason) {
      if (reason !== null) process.stderr.write(`imagedrop: ${reason}; waiting\n`)
    },
  })
}

/** Starts services in this process: by default on SQLite, a folder, and a bus in memory. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { stateFolder, services, run, env, log, watchers = [], onAway, end, onRefused } = options
  const busSettings = readBusSettings(env)
  await using opened = new AsyncDisposableStack()
  const ending = new AbortController()
  const stopWaiting = () => {
    ending.abort(new Error('the process stops'))
  }
  let isAway = false
  let isStarted = false
  void end?.then(() => {
    if (!isStarted) stopWaiting()
  })
  const patience = {
    ending: ending.signal,
    onAway(reason: string | null) {
      isAway = reason !== null
      onAway?.(reason)
    },
  }
  const ledgerSettings = readLedgerSettings(env)
  // With a ledger of our own there is no other host to leave a job to: what we lack is better told by the job's failure.
  const isShared = ledgerSettings.url !== undefined
  const ledger = opened.use(await openLedger(ledgerSettings, stateFolder, log, patience))
  const bus = opened.use(await openBus(busSettings, { stateFolder, log }))
  const artifacts = await openArtifacts(readArtifactSettings(env), stateFolder, log)
  const now = () => new Date()
  // A bus within the process fills the inboxes of all services: nobody else does. A broker keeps them by itself.
  const present = busSettings.url === undefined ? services.names : run
  const claimsOf: NonNullable<Host['claimsOf']> = (claimant) => readClaims(ledger, claimant)
  const host = { stateFolder, artifacts, log, now, claimsOf, env, ...services }
  const assembled = await Promise.all(present.map((name) => assemble(name, options, host)))
  const watchAttempt = watchTogether(watchers)
  const { accountPrefix: prefix, accounts: shared, unsigned } = busSettings
  const runtime = {
    ledger,
    bus,
    owner: ownerOfThisProcess(),
    ...(isShared ? { capacity: await openHostCapacity(env, stateFolder) } : {}),
    stateFolder,
    now,
    log,
    watchAttempt,
    accounts: { prefix, shared, unsigned },
    // Within one process nobody else can say anything; and who else there is, is not loaded for nothing.
    ...(busSettings.url === undefined ? {} : { services: await services.definitions() }),
    ...(onRefused && { onRefused }),
  }
  const isActive = ({ name }: { name: string }) => run.includes(name)
  const running = await runServices(assembled, runtime, isActive)
  isStarted = true
  const closing = opened.move()
  return {
    ...running,
    stateFolder,
    ledger,
    bus,
    log,
    assembled: assembled.filter(({ service }) => isActive(service)),
    async stop(grace) {
      // What jobs do while the ledger is away is recorded nowhere: there is no use in waiting for them, nor for it.
      const works = !isAway && (await answers(ledger))
      const impatience = setTimeout(stopWaiting, works ? grace + lastCalls : 0)
      await running.stop(works ? grace : 0)
      clearTimeout(impatience)
      stopWaiting()
      await closing.disposeAsync()
    },
  }
}

/** Milliseconds that the ledger has for an answer when the process stops, and for the last calls after the grace. */
const answerTime = 1_000
const lastCalls = 2_000

async function answers(ledger: Ledger): Promise<boolean> {
  const asked = ledger.ping().then(
    () => true,
    () => false,
  )
  return await Promise.race([asked, sleep(answerTime, false, { ref: false })])
}

async function assemble(name: string, options: StackOptions, host: Host): Promise<Assembled> {
  const { concurrency, services, assembleFor = services.assemble } = options
  const assembled = await (await assembleFor(name))(host)
  if (concurrency === undefined) return assembled
  return { ...assembled, service: { ...assembled.service, concurrency } }
}
