import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { imageRequested } from '#events/image-requested.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { bindService } from '#service/bind.ts'
import { defineService } from '#service/define.ts'
import { createDispatcher } from '#service/dispatcher.ts'
import { log } from './ledger-server.ts'
import { delivery } from './waiting-jobs.ts'

/** How long a job takes, in milliseconds. */
const stepTime = 50
/** How often each process asks the database for nothing, and writes one row. */
const compareEvery = 200

/** In milliseconds, of one process. */
export interface Times {
  /** The leases that gave a job, and those that gave none. */
  readonly taken: number[]
  readonly inVain: number[]
  /** From the event to the start of the step. */
  readonly started: number[]
  /** A statement that asks for nothing, and one that writes a row; on a connection of their own. */
  readonly ping: number[]
  readonly written: number[]
  readonly processor: number
}

/** What the bench tells such a process: jobs to accept, to count from now on, or to say its times and end. */
export type Told = { readonly accept: number } | 'count' | 'end'

/** What the process says: that its workers are free, that a job is done, or its times. */
export type Answer = 'ready' | 'done' | { readonly times: Times }

/** `taking-worker.ts postgres|sqlite PLACE COUNT`: so many workers of the builder in a process, each with a ledger of its own. */
const [kind = '', place = '', count = '1'] = process.argv.slice(2)
const open = (): Promise<Ledger> =>
  kind === 'sqlite' ? openSqliteLedger(place) : openPostgresLedger({ url: place, poolSize: 1, log })

const times = {
  taken: [] as number[],
  inVain: [] as number[],
  started: [] as number[],
  ping: [] as number[],
  written: [] as number[],
}
let counts = false
let isEnding = false
let processor = process.cpuUsage()
const note = (list: number[], time: number) => {
  if (counts) list.push(time)
}

const builder = defineService({
  name: 'builder',
  consumes: [imageRequested],
  emits: [],
  async handle({ time }) {
    note(times.started, Date.now() - Date.parse(time))
    await sleep(stepTime)
    say('done')
    return []
  },
})
const ledgers = await Promise.all(Array.from({ length: Number(count) }, open))
const dispatchers = ledgers.map((ledger, index) => {
  const runtime = {
    ledger: timed(ledger),
    bus: createMemoryBus(),
    owner: `worker ${String(index)} of ${String(process.pid)}`,
    stateFolder: tmpdir(),
    now: () => new Date(),
    log,
  }
  const dispatcher = createDispatcher(runtime, bindService(builder, null, { concurrency: 1 }), (error) => {
    // What a look meets that was under way when its ledger was closed.
    if (!isEnding) throw error
  })
  ledger.watch((where) => {
    dispatcher.wake(where)
  })
  dispatcher.wake('anywhere')
  return dispatcher
})
const other = await open()
const comparing = new AbortController()
const compared = compare(other, comparing.signal)

let turn = 0
process.on('message', (told: Told) => {
  if (told === 'count') {
    counts = true
    processor = process.cpuUsage()
  } else if (told === 'end') {
    void end()
  } else {
    turn += 1
    const deliveries = Array.from({ length: told.accept }, delivery)
    void ledgers[turn % ledgers.length]?.accept('builder', deliveries, new Date())
  }
})
process.once('disconnect', () => process.exit())
// All have looked, and are free.
await sleep(1_000)
say('ready')

async function end(): Promise<void> {
  const { user, system } = process.cpuUsage(processor)
  isEnding = true
  comparing.abort()
  await compared
  await Promise.all(dispatchers.map((one) => one.stop(1_000)))
  await Promise.all([other, ...ledgers].map((ledger) => ledger[Symbol.asyncDispose]()))
  say({ times: { ...times, processor: (user + system) / 1_000 } })
}

/** What the machine and the database take for the least that can be asked, and for the least that can be written. */
async function compare(ledger: Ledger, signal: AbortSignal): Promise<void> {
  const owner = `bench ${String(process.pid)}`
  const nothing = { host: owner, cores: 0, memoryMib: 0, diskMib: 0, kvm: false, root: false, architectures: [] }
  while (!signal.aborted) {
    await sleep(compareEvery)
    const began = performance.now()
    await ledger.ping()
    const answered = performance.now()
    await ledger.present([{ service: 'bench', slots: 1 }], owner, nothing, new Date())
    note(times.ping, answered - began)
    note(times.written, performance.now() - answered)
  }
  await ledger.leave(owner)
}

function say(answer: Answer): void {
  process.send?.(answer)
}

function timed(ledger: Ledger): Ledger {
  return {
    ...ledger,
    async lease(...asked) {
      const began = performance.now()
      const jobs = await ledger.lease(...asked)
      note(jobs.length > 0 ? times.taken : times.inVain, performance.now() - began)
      return jobs
    },
  }
}
