import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Emulated, StandIn } from '#service/stand-in.ts'
import { run } from '#subprocess/run.ts'
import type { Services } from './services.ts'
import { UsageError } from './usage.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface Host {
  readonly env: Environment
  readonly stateFolder: string
  readonly log: Logger
}

/** The emulators that stand in for what this host cannot reach; they run until this is disposed of. */
export interface StandIns extends AsyncDisposable {
  /** The settings that point services at them. */
  readonly env: Readonly<Record<string, string>>
  /** A line for people about each target that has an emulator: `EC2: emulated (no AWS credentials on this host)`. */
  readonly notes: readonly string[]
}

/** Starts an emulator for each of these services that has one and needs it here. */
export async function startStandIns(services: Services, names: readonly string[], host: Host): Promise<StandIns> {
  await using started = new AsyncDisposableStack()
  const settings: Record<string, string> = {}
  const notes: string[] = []
  for (const standIn of await findStandIns(services, names)) {
    const { title, look, isUsed } = standIn
    if (isUsed?.(host.env) === false) continue
    const seen = look(host.env)
    if ('missing' in seen) {
      const emulated = await startApart(standIn, host)
      started.defer(() => emulated.close())
      Object.assign(settings, standIn.settings(emulated.url))
    }
    notes.push('missing' in seen ? `${title}: emulated (${seen.missing})` : `${title}: ${seen.found}`)
  }
  const running = started.move()
  return { env: settings, notes, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** The emulator of a target. Throws UsageError when there is none. */
export async function findStandIn(services: Services, target: string): Promise<StandIn> {
  const standIns = await findStandIns(services, services.names)
  const found = standIns.find((one) => one.target === target)
  if (found) return found
  const targets = standIns
    .map((one) => one.target)
    .toSorted()
    .join(', ')
  throw new UsageError(`there is no emulator of ${JSON.stringify(target)}; there are ${targets}`)
}

/** Where the emulator of a target keeps what it is told. */
export function folderOf(target: string, stateFolder: string): string {
  return join(stateFolder, `${target}-emulator`)
}

async function findStandIns(services: Services, names: readonly string[]): Promise<StandIn[]> {
  const parts = await Promise.all(names.map((name) => services.part(name, 'stand-in.ts')))
  return parts.flatMap((part) => (part === null ? [] : [part['standIn'] as StandIn]))
}

/**
 * Starts an emulator as the process of its own that it would be if it were the real thing: what it takes in and checks
 * is no work for the process of the services.
 */
async function startApart({ target }: StandIn, { env, stateFolder, log }: Host): Promise<Emulated> {
  const program = join(import.meta.dirname, 'imagedrop.js')
  const args = [program, 'emulator', target, '--folder', folderOf(target, stateFolder)]
  const logs = join(stateFolder, 'logs')
  await mkdir(logs, { recursive: true })
  const stop = new AbortController()
  const listening = Promise.withResolvers<string>()
  const ended = run(process.execPath, args, {
    signal: stop.signal,
    env: { IMAGEDROP_EXTENSIONS: env['IMAGEDROP_EXTENSIONS'] ?? '' },
    log: join(logs, `${target}-emulator.log`),
    onLine(line) {
      if (line.startsWith('http://')) listening.resolve(line)
    },
  }).catch((error: unknown) => {
    listening.reject(error)
    if (!stop.signal.aborted) log.error({ err: error, target }, 'failed')
  })
  return {
    url: await listening.promise,
    async close() {
      stop.abort(new Error('no longer needed'))
      await ended
    },
  }
}
