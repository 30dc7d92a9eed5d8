import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import type { Envelope } from '#events/envelope.ts'
import { cpuSecondsOfTree } from '../processes/cpu-time.ts'
import { startFleet, type Fleet } from '../processes/fleet.ts'
import { provideInfrastructure, requestOf, type Infrastructure } from '../processes/infrastructure.ts'
import { postgresHistory } from './history-database.ts'
import { addHistory } from './history.ts'

/** How many drops are on their way at a time, for each process of a service. */
const windowOfEach = 8
/** Drops that warm the processes up and are not counted. */
const warmUp = 50

/** Processor milliseconds per drop. */
export interface Cost {
  readonly ours: number
  readonly broker: number
  readonly database: number
}

export interface Stretch {
  readonly drops: number
  readonly perSecond: number
  /** From the request to the announcement, in milliseconds. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly cost: Cost
}

/** Null drops through `each` processes of every service on RabbitMQ and PostgreSQL; every event durable. */
export async function measureManyProcesses(each: number, drops: number): Promise<Stretch> {
  await using infrastructure = await provideInfrastructure({ wired: false })
  await using fleet = await startNullFleet(infrastructure, each)
  await measureStretch(infrastructure, fleet, { first: 0, drops: warmUp, window: windowOfEach * each })
  return await measureStretch(infrastructure, fleet, { first: warmUp, drops, window: windowOfEach * each })
}

/**
 * A hundred drops on an empty ledger and a hundred behind many thousands: what a drop costs must not depend on the
 * past. The past is made of copies of the first hundred's rows.
 */
export async function measureGrowth(past: number): Promise<{ first: Stretch; last: Stretch }> {
  await using infrastructure = await provideInfrastructure({ wired: false })
  await using fleet = await startNullFleet(infrastructure, 1)
  const stretch = (first: number) => measureStretch(infrastructure, fleet, { first, drops: 100, window: windowOfEach })
  await stretch(0)
  const first = await stretch(100)
  await addPast(infrastructure.databaseUrl, past - 300)
  await measureStretch(infrastructure, fleet, { first: 200, drops: warmUp, window: windowOfEach })
  return { first, last: await stretch(300) }
}

async function addPast(url: string, drops: number): Promise<void> {
  const client = new Client(url)
  await client.connect()
  try {
    const { rows } = await client.query<{ real: number }>(
      `select count(distinct drop_id)::int as real from outbox where subject = 'drop.announced.v1'`,
    )
    await addHistory(postgresHistory(client), { real: rows[0]?.real ?? 0, drops })
  } finally {
    await client.end()
  }
}

async function startNullFleet({ envOf, root }: Infrastructure, each: number): Promise<Fleet> {
  await mkdir(join(root, 'compose'))
  return await startFleet({ each, kind: 'null', envOf, log: join(root, 'fleet.log') })
}

interface StretchOptions {
  /** Number of the first drop. */
  readonly first: number
  readonly drops: number
  readonly window: number
}

async function measureStretch(
  infrastructure: Infrastructure,
  fleet: Fleet,
  { first, drops, window }: StretchOptions,
): Promise<Stretch> {
  const before = await readCpu(fleet, infrastructure)
  const began = performance.now()
  const latencies = await runDrops(infrastructure, { first, drops, window })
  const seconds = (performance.now() - began) / 1_000
  const after = await readCpu(fleet, infrastructure)
  const costOf = (part: keyof Cost) => Math.round(((after[part] - before[part]) / drops) * 1_000)
  const at = (share: number) => Math.round(latencies[Math.floor((latencies.length - 1) * share)] ?? 0)
  return {
    drops,
    perSecond: Math.round((drops / seconds) * 10) / 10,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    cost: { ours: costOf('ours'), broker: costOf('broker'), database: costOf('database') },
  }
}

/** Keeps `window` drops on their way until all are announced; resolves with their times in ascending order. */
async function runDrops(
  { root, bus, meddlingBus }: Infrastructure,
  { first, drops, window }: StretchOptions,
): Promise<number[]> {
  const location = join(root, 'compose')
  const asked = new Map<string, number>()
  const latencies: number[] = []
  let sent = 0
  const over = Promise.withResolvers<void>()

  async function ask(): Promise<void> {
    const request = requestOf(first + sent, location)
    sent += 1
    asked.set(`weekly-${composeOf(request)}`, performance.now())
    await bus.publish([request])
  }
  async function onAnnounced({ drop }: Envelope): Promise<void> {
    const since = asked.get(drop ?? '')
    if (since === undefined) return
    asked.delete(drop ?? '')
    latencies.push(performance.now() - since)
    if (latencies.length === drops) over.resolve()
    else if (sent < drops) await ask()
  }
  await using _subscription = await meddlingBus.subscribe({
    service: 'bench',
    subjects: ['drop.announced.v1'],
    deliver: async (envelopes) => {
      await Promise.all(envelopes.map(onAnnounced))
    },
  })
  for (let index = 0; index < Math.min(window, drops); index += 1) await ask()
  await over.promise
  return latencies.toSorted((one, other) => one - other)
}

function composeOf({ body }: Envelope): string {
  return (body as { message: { compose_id: string } }).message.compose_id
}

/** Processor seconds since each began. */
async function readCpu(fleet: Fleet, { rabbitmq, postgres }: Infrastructure): Promise<Cost> {
  const [ours, broker, database] = await Promise.all([
    fleet.cpuSeconds(),
    cpuSecondsOfTree(rabbitmq.place.folder),
    cpuSecondsOfTree(postgres.place.folder),
  ])
  return { ours: [...ours.values()].reduce((sum, one) => sum + one, 0), broker, database }
}
