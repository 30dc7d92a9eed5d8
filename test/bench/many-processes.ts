import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Envelope } from '#events/envelope.ts'
import { cpuSecondsOfTree } from '../processes/cpu-time.ts'
import { startFleet, type Fleet } from '../processes/fleet.ts'
import { provideInfrastructure, requestOf, type Infrastructure } from '../processes/infrastructure.ts'

export interface ManyOptions {
  readonly drops: number
  /** Processes of each service. */
  readonly each: number
  /** How many drops are on their way at a time. */
  readonly window: number
  /** Called after each drop with its number and the processor seconds that everything together has used until then. */
  readonly every?: { readonly drops: number; readonly tell: (done: number, cpu: Cpu) => void }
}

/** Processor seconds. */
export interface Cpu {
  readonly ours: number
  readonly broker: number
  readonly database: number
}

export interface ManyResult {
  readonly seconds: number
  /** From the request to the announcement, in milliseconds, in ascending order. */
  readonly latencies: readonly number[]
  readonly cpu: Cpu
  /** Resident memory of the largest process, in MB. */
  readonly memory: number
}

/** Null drops through processes of their own on RabbitMQ and PostgreSQL; every event durable. */
export async function measureManyProcesses({ drops, each, window, every }: ManyOptions): Promise<ManyResult> {
  await using infrastructure = await provideInfrastructure()
  const { root, bus, env } = infrastructure
  const location = join(root, 'compose')
  await mkdir(location)
  await using fleet = await startFleet({ each, kind: 'null', env, log: join(root, 'fleet.log') })
  const before = await readCpu(fleet, infrastructure)
  const began = performance.now()
  const asked = new Map<string, number>()
  const latencies: number[] = []
  let sent = 0
  const over = Promise.withResolvers<void>()

  async function ask(): Promise<void> {
    const request = requestOf(sent, location)
    sent += 1
    asked.set(`weekly-${composeOf(request)}`, performance.now())
    await bus.publish([request])
  }
  async function onAnnounced({ drop }: Envelope): Promise<void> {
    const since = asked.get(drop ?? '')
    if (since === undefined) return
    asked.delete(drop ?? '')
    latencies.push(performance.now() - since)
    if (every && latencies.length % every.drops === 0)
      every.tell(latencies.length, await readCpu(fleet, infrastructure))
    if (latencies.length === drops) over.resolve()
    else if (sent < drops) await ask()
  }
  await using _subscription = await bus.subscribe({
    service: 'bench',
    subjects: ['drop.announced.v1'],
    deliver: async (envelopes) => {
      await Promise.all(envelopes.map(onAnnounced))
    },
  })
  for (let index = 0; index < Math.min(window, drops); index += 1) await ask()
  await over.promise
  const seconds = (performance.now() - began) / 1_000
  const after = await readCpu(fleet, infrastructure)
  const memory = Math.max(...(await fleet.memory()).values())
  return { seconds, latencies: latencies.toSorted((one, other) => one - other), cpu: minus(after, before), memory }
}

function composeOf({ body }: Envelope): string {
  return (body as { message: { compose_id: string } }).message.compose_id
}

async function readCpu(fleet: Fleet, { rabbitmq, postgres }: Infrastructure): Promise<Cpu> {
  const [ours, broker, database] = await Promise.all([
    fleet.cpuSeconds(),
    cpuSecondsOfTree(rabbitmq.place.folder),
    cpuSecondsOfTree(postgres.place.folder),
  ])
  return { ours: [...ours.values()].reduce((sum, one) => sum + one, 0), broker, database }
}

function minus(one: Cpu, other: Cpu): Cpu {
  return {
    ours: one.ours - other.ours,
    broker: one.broker - other.broker,
    database: one.database - other.database,
  }
}
