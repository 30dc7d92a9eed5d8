import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from './random.ts'
import { startFleet } from '../processes/fleet.ts'
import { provideInfrastructure, requestOf, type Infrastructure } from '../processes/infrastructure.ts'
import { startMailbox, type Mailbox } from './mailbox.ts'
import { troublemaker } from './troublemaker.ts'

export interface SoakOptions {
  readonly drops: number
  readonly processesOfEach: number
  readonly seed: number
  /** Mean time between two faults, in milliseconds. */
  readonly faultEvery: number
  /** Gives up after so many milliseconds. */
  readonly deadline: number
}

/** What is left when all drops are announced, for the test to judge. */
export interface Aftermath {
  readonly infrastructure: Infrastructure
  readonly mailbox: Mailbox
  readonly faults: ReadonlyMap<string, number>
  readonly seconds: number
}

/** How many drops are on their way at a time. */
const window = 8

/**
 * Sends drops through processes of every service while a seeded script does to them what a bad day does: SIGKILL,
 * broker and database restarts, connections cut and stalled, every tenth message once more and late. Each conversion waits
 * for the boot test of its image, and each announcement for some time.
 */
export async function soak(options: SoakOptions, judge: (aftermath: Aftermath) => Promise<void>): Promise<void> {
  const random = seededRandom(options.seed)
  await using mailbox = await startMailbox()
  await using infrastructure = await provideInfrastructure()
  const envOf = (service: string) => ({ ...infrastructure.envOf(service), ...mailbox.env })
  const log = join(infrastructure.root, 'fleet.log')
  const began = performance.now()
  const faults = new Map<string, number>()
  {
    await using fleet = await startFleet({ each: options.processesOfEach, kind: 'waiting', envOf, log })
    const over = new AbortController()
    const trouble = troublemaker({ fleet, infrastructure, random, faults, every: options.faultEvery }, over.signal)
    try {
      await Promise.race([sendDrops(options, infrastructure), trouble.failed])
    } finally {
      over.abort()
      await trouble.ended
    }
    await settle(infrastructure)
  }
  await judge({ infrastructure, mailbox, faults, seconds: (performance.now() - began) / 1_000 })
}

/** Keeps a few drops on their way until all are announced. */
async function sendDrops({ drops, deadline }: SoakOptions, { bus, ledger, root }: Infrastructure): Promise<void> {
  const location = join(root, 'compose')
  await mkdir(location, { recursive: true })
  const giveUp = Date.now() + deadline
  let sent = 0
  for (;;) {
    const announced = await ledger.events({ subject: 'drop.announced.v1', limit: drops }).catch(() => [])
    const done = new Set(announced.map(({ envelope }) => envelope.drop)).size
    if (done === drops) return
    if (Date.now() > giveUp) throw new Error(`only ${String(done)} of ${String(drops)} drops are announced`)
    while (sent < drops && sent - done < window) {
      // The broker may be away: what was not confirmed is sent once more, as a compose's own publisher would.
      const published = await bus.publish([requestOf(sent, location)]).then(
        () => true,
        () => false,
      )
      if (!published) break
      sent += 1
    }
    await sleep(200)
  }
}

/** Waits until nothing moves any more: what is still on its way must not be missed by the judge. */
async function settle({ ledger }: Infrastructure): Promise<void> {
  for (let quiet = 0; quiet < 5;) {
    await sleep(200)
    const { jobs, outbox } = await ledger.backlog(new Date())
    const moving = jobs.some(({ state }) => state === 'queued' || state === 'running' || state === 'waiting')
    quiet = moving || outbox > 0 ? 0 : quiet + 1
  }
}
