import type { Logger } from 'pino'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import { serveEmulator, type ServedEmulator } from '#publishing/serve-emulator.ts'
import { createEmulatorServer } from './server.ts'
import { openWorld, type Account, type World } from './world.ts'

/** How an emulator is started. All but folder and log has a sensible default. */
export interface EmulatorOptions {
  /** Keeps everything; an emulator that is started on it again goes on where the last one was killed. */
  readonly folder: string
  readonly log: Logger
  /** 0, the default, takes a free one. */
  readonly port?: number
  readonly now?: () => Date
  readonly accounts?: readonly Account[]
  /** GiB of the largest image; 30 is Eucalyptus' own. */
  readonly mostGib?: number
  readonly mostKeys?: number
}

export interface Emulator extends ServedEmulator {
  /** What it consists of, for who looks from outside. */
  readonly world: World
}

/** Starts a Eucalyptus on 127.0.0.1, as far as images go, as strict as Eucalyptus 4.4 about what it refuses. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const world = await openWorld(options.folder, {
    log: options.log,
    now: options.now ?? (() => new Date()),
    accounts: options.accounts ?? [emulatorAccount],
    mostGib: options.mostGib ?? 30,
    mostKeys: options.mostKeys ?? 1000,
  })
  const { server, settled } = createEmulatorServer(world)
  return { ...(await serveEmulator(server, { port: options.port, onClosed: settled })), world }
}
