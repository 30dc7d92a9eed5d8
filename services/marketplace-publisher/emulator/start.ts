import type { Logger } from 'pino'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import { serveEmulator, type ServedEmulator } from '#publishing/serve-emulator.ts'
import { createCatalogServer, type FaultScript } from './server.ts'
import type { Account } from './signature.ts'
import { openWorld, type Delays, type Product, type World } from './world.ts'

/** How an emulator is started. All but folder and log has a sensible default. */
export interface EmulatorOptions {
  /** Keeps everything; an emulator that is started on it again goes on where the last one was killed. */
  readonly folder: string
  readonly log: Logger
  /** 0, the default, takes a free one. */
  readonly port?: number
  readonly now?: () => Date
  /** What signatures are held to. */
  readonly hostNow?: () => Date
  readonly delays?: Partial<Delays>
  /** Without it, every id in the form of one is a limited product of x86_64. */
  readonly products?: readonly Product[]
  /** Without it, every AMI can be reached, is of x86_64, and its scan finds nothing. */
  readonly imageOf?: World['imageOf']
  readonly failsByItself?: World['failsByItself']
  readonly openChangeSets?: number
  readonly faults?: FaultScript
  readonly accounts?: readonly Account[]
}

export type Emulator = ServedEmulator

/** Starts a seller's catalog on 127.0.0.1, as strict as AWS about what it refuses. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { products } = options
  const world = await openWorld(options.folder, {
    log: options.log,
    now: options.now ?? (() => new Date()),
    delays: { preparation: 300, application: 300, ...options.delays },
    productOf: (id) => (products ? (products.find((one) => one.id === id) ?? null) : anyProduct(id)),
    imageOf: options.imageOf ?? (() => ({ architecture: 'x86_64', findings: [] })),
    failsByItself: options.failsByItself ?? (() => false),
    openChangeSets: options.openChangeSets ?? 20,
  })
  const server = createCatalogServer(world, {
    accounts: options.accounts ?? [emulatorAccount],
    faults: options.faults ?? (() => null),
    hostNow: options.hostNow ?? (() => new Date()),
  })
  return await serveEmulator(server, { port: options.port })
}

function anyProduct(id: string): Product | null {
  if (!/^prod-[a-z0-9]+$/.test(id)) return null
  return { id, visibility: 'Limited', architecture: 'x86_64', instanceTypes: ['t3.micro'] }
}
