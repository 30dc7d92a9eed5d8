import type { Logger } from 'pino'
import { serveEmulator, type ServedEmulator } from '#publishing/serve-emulator.ts'
import { emulatorAccount } from './credentials.ts'
import type { FaultScript } from './faults.ts'
import { createGuests, nobody, type StartGuest } from './guests.ts'
import { createObjectSource, noObjects, type ObjectServer } from './object-source.ts'
import type { OptedIn } from './regions.ts'
import { createEmulatorServer } from './server.ts'
import type { Account } from './signature.ts'
import { openWorld, usualDelays, type Delays } from './world.ts'

/** How an emulator is started. All but folder and log has a sensible default. */
export interface EmulatorOptions {
  /** Keeps everything; an emulator that is started on it again goes on where the last one was killed. */
  readonly folder: string
  readonly log: Logger
  /** 0, the default, takes a free one. */
  readonly port?: number
  readonly now?: () => Date
  readonly faults?: FaultScript
  readonly delays?: Partial<Delays>
  /** How many images may be public per region; AWS begins with 5. */
  readonly publicImageQuota?: number
  /** Which of the regions that an account must enable are enabled; in a new account none. */
  readonly optedIn?: OptedIn
  /** When an instance was last launched of an image; none was. */
  readonly launchedAt?: (imageId: string) => Date | null
  /** Why copies to a region end as failed; none do. */
  readonly copyFails?: (region: string) => string | null
  readonly accounts?: readonly Account[]
  /** The S3 server whose objects are imported, with a key that may read all of them; without one there are no buckets. */
  readonly s3?: ObjectServer
  /** The roles that VM Import can be told, and whether each may read S3; `vmimport` may unless said otherwise. */
  readonly importRoles?: Readonly<Record<string, boolean>>
  /** What runs in an instance; nothing does unless said, and consoles stay empty. */
  readonly startGuest?: StartGuest
  /** Whether there is a machine of a type left in a region; there always is. */
  readonly hasCapacity?: (type: string, region: string) => boolean
}

export type Emulator = ServedEmulator

/** Starts EC2 and EBS direct on 127.0.0.1, as strict as AWS about what it refuses. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const guests = createGuests(options.startGuest ?? (() => nobody))
  const world = await openWorld(options.folder, {
    guests,
    objects: options.s3 === undefined ? noObjects : createObjectSource(options.s3),
    importRoles: options.importRoles ?? { vmimport: true },
    hasCapacity: options.hasCapacity ?? (() => true),
    log: options.log,
    now: options.now ?? (() => new Date()),
    delays: { ...usualDelays, ...options.delays },
    publicImageQuota: options.publicImageQuota ?? 5,
    optedIn: options.optedIn ?? [],
    launchedAt: options.launchedAt ?? (() => null),
    copyFails: options.copyFails ?? (() => null),
  })
  const { server, settled } = createEmulatorServer(world, {
    accounts: options.accounts ?? [emulatorAccount],
    faults: options.faults ?? (() => null),
  })
  return await serveEmulator(server, {
    port: options.port,
    onClosed: async () => {
      await settled()
      await guests.stopAll()
      await world.blocks.closeAll()
    },
  })
}
