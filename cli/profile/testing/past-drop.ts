import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { say, type EventDefinition } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import type { Job, Ledger } from '#ledger/ledger.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'

export const drop = 'weekly-Debian-12-20260711.n.0'
const began = Date.UTC(2026, 6, 11, 6)

/** A second of the drop. */
export function atSecond(second: number): Date {
  return new Date(began + second * 1_000)
}

type Definition<Body> = EventDefinition<string, Body>

interface Handled {
  readonly owner: string
  /** Seconds of the drop. */
  readonly leased: number
  readonly ended: number
}

/** A ledger in a folder of its own, in which drops happen at times that a test names. */
export interface PastDrop extends AsyncDisposable {
  readonly ledger: Ledger
  /** Says an event of nobody's job: a service's, or without one a person's. */
  happens<Body>(definition: Definition<Body>, second: number, service?: string): Promise<Envelope>
  /** Takes an event in and leases the job on it. */
  begins(service: string, event: Envelope, owner: string, second: number): Promise<Job>
  /** Lets a service do its work on an event, which ends with an event of this kind. */
  handles<Body>(service: string, event: Envelope, says: Definition<Body>, handled: Handled): Promise<Envelope>
  /** Ends a job that has begun, with an event of this kind. */
  ends<Body>(job: Job, says: Definition<Body>, handled: Omit<Handled, 'leased'>): Promise<Envelope>
}

/** Opens an empty one. */
export async function openPastDrop(): Promise<PastDrop> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-past-'))
  const ledger = await openSqliteLedger(folder)
  const begins: PastDrop['begins'] = async (service, event, owner, second) => {
    await ledger.accept(service, [{ envelope: event, key: null, wanted: true, endsWork: false }], new Date(event.time))
    return await leaseOne(ledger, service, owner, second)
  }
  const ends: PastDrop['ends'] = async (job, says, { owner, ended }) => {
    const event = ofDrop(says, ended, job.envelope)
    await ledger.finish(job.id, owner, { state: 'done', events: [event] }, atSecond(ended))
    return event
  }
  return {
    ledger,
    async happens(definition, second, service) {
      const event = ofDrop(definition, second)
      await ledger.say(event, atSecond(second), service === undefined ? undefined : { service, owner: 'a/1/1' })
      return event
    },
    begins,
    ends,
    handles: async (service, event, says, { owner, leased, ended }) =>
      await ends(await begins(service, event, owner, leased), says, { owner, ended }),
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

/** Leases the next job of a service. */
export async function leaseOne(ledger: Ledger, service: string, owner: string, second: number): Promise<Job> {
  const now = atSecond(second)
  const [job] = await ledger.lease(service, { owner, now, until: atSecond(second + 10_000), limit: 1 })
  if (!job) throw new Error(`there is no job of the ${service} to lease`)
  return job
}

/** An event of the drop, on nobody's bus and in no outbox yet. */
export function ofDrop<Body>(
  definition: Definition<Body>,
  second: number,
  causation: Envelope | null = null,
): Envelope {
  const body = { ...definition.example, drop }
  return seal(say(definition, body), { now: atSecond(second), causation })
}
