import { setTimeout as sleep } from 'node:timers/promises'
import type { Envelope } from '#events/envelope.ts'
import { house } from '#test/support/house.ts'
import type { Fleet } from '../processes/fleet.ts'
import type { Infrastructure } from '../processes/infrastructure.ts'

interface Scene {
  readonly fleet: Fleet
  readonly infrastructure: Infrastructure
  readonly random: () => number
  /** Counts what was done. */
  readonly faults: Map<string, number>
  readonly every: number
}

/** Does harm until it is told to stop; a process that cannot be started again fails the run. */
export interface Trouble {
  readonly failed: Promise<never>
  readonly ended: Promise<void>
}

export function troublemaker(scene: Scene, signal: AbortSignal): Trouble {
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const ended = Promise.all([doHarm(scene, signal), repeatMessages(scene, signal)]).then(
    () => {},
    (error: unknown) => {
      failed.reject(error)
    },
  )
  return { failed: failed.promise, ended }
}

/** Weights: processes die often, servers seldom. */
const kinds = [
  ['kill', 8],
  ['cut', 3],
  ['stall', 2],
  ['broker restart', 1],
  ['database restart', 1],
] as const

async function doHarm(scene: Scene, signal: AbortSignal): Promise<void> {
  const { random, every, faults } = scene
  for (;;) {
    // Exponential pauses: faults fall upon faults now and then.
    await sleep(-Math.log(1 - random()) * every, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const kind = pick(random)
    await harm(kind, scene)
    faults.set(kind, (faults.get(kind) ?? 0) + 1)
  }
}

function pick(random: () => number): (typeof kinds)[number][0] {
  let left = random() * kinds.reduce((sum, [, weight]) => sum + weight, 0)
  return kinds.find(([, weight]) => (left -= weight) < 0)?.[0] ?? 'kill'
}

async function harm(kind: (typeof kinds)[number][0], { fleet, infrastructure, random }: Scene): Promise<void> {
  const { rabbitmq, postgres, wires } = infrastructure
  const wire = wires[Math.floor(random() * wires.length)]
  const length = 200 + random() * 2_000
  switch (kind) {
    case 'kill':
      await fleet.replace(Math.floor(random() * fleet.size))
      return
    case 'cut':
      wire?.cut()
      await sleep(length)
      wire?.heal()
      return
    case 'stall':
      wire?.stall()
      await sleep(length)
      wire?.resume()
      return
    case 'broker restart':
      await rabbitmq.restart({ down: length })
      return
    case 'database restart':
      await postgres.restart({ down: length })
  }
}

/** Every tenth message is published once more, some seconds late: what a confused bridge or a shovel does. */
async function repeatMessages(
  { infrastructure: { meddlingBus: bus }, random, faults }: Scene,
  signal: AbortSignal,
): Promise<void> {
  const subjects = [...new Set((await house.interests()).flatMap((one) => one.subjects))].filter((one) =>
    one.endsWith('.v1'),
  )
  const late = new Set<Promise<void>>()
  const repeat = async (envelope: Envelope) => {
    await sleep(random() * 5_000, undefined, { signal }).catch(() => {})
    const published = await bus.publish([envelope]).then(
      () => 1,
      () => 0,
    )
    faults.set('repeated message', (faults.get('repeated message') ?? 0) + published)
  }
  await using _subscription = await bus.subscribe({
    service: 'troublemaker',
    subjects,
    deliver(envelopes) {
      for (const envelope of envelopes) {
        if (random() > 0.1) continue
        const one = repeat(envelope).finally(() => late.delete(one))
        late.add(one)
      }
      return Promise.resolve()
    },
  })
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve()
    })
  })
  await Promise.all(late)
}
