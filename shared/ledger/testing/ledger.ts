import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { kojiTaskChanged } from '#events/koji.ts'
import type { Delivery } from '../delivery.ts'
import { LedgerAway, type Ledger, type LeasedJob, type OutboxRow } from '../ledger.ts'

/** One ledger's data for one test. */
export interface Data extends AsyncDisposable {
  /** Called twice, it gives a second connection to the same data. */
  readonly open: () => Promise<Ledger>
  /** Ends the database under its connections and starts it again. Absent where it lives within the process. */
  readonly restart?: () => Promise<void>
}

export function requested(): Envelope {
  return seal(say(imageRequested, imageRequested.example), { now: new Date() })
}

/** What a process may send that speaks for the builder, and for whoever of an older version said what it requests. */
export const ofBuilder = { services: ['builder'], subjects: [imageRequested.subject] }

export function wanted(key: string | null = null): Delivery {
  return { envelope: requested(), key, wanted: true, endsWork: false }
}

export function ending({ abandons = false } = {}): Delivery {
  const envelope = seal(say(dropCancelled, dropCancelled.example), { now: new Date() })
  return { envelope, key: null, wanted: false, endsWork: true, abandons }
}

/** An event that only wakes. */
export function waking(key: string): Delivery {
  const envelope = seal(say(kojiTaskChanged, kojiTaskChanged.example), { now: new Date() })
  return { envelope, key: null, wanted: false, endsWork: false, wakes: key }
}

const start = new Date('2026-01-01T00:00:00Z')

/** So many seconds after the time at which tests begin. */
export function later(seconds: number): Date {
  return new Date(start.getTime() + seconds * 1_000)
}

interface Asked {
  readonly owner?: string
  readonly at?: number
}

/** What a worker is given that asks once. */
export function lease(
  ledger: Ledger,
  { service = 'builder', owner = 'a', at = 0, limit = 10 }: Asked & { service?: string; limit?: number } = {},
): Promise<LeasedJob[]> {
  return ledger.lease(service, { owner, now: later(at), until: later(at + 30), limit })
}

/** What a process that speaks for the builder is given to send. */
export function unsent(
  ledger: Ledger,
  { owner = 'a', at = 0, except = [] }: Asked & { except?: readonly number[] } = {},
): Promise<OutboxRow[]> {
  return ledger.takeUnsent({ ...ofBuilder, owner, now: later(at), until: later(at + 30), limit: 10, except })
}

/** Does something with a ledger of new data, and with further connections to it. */
export function withLedgerOf(prepare: () => Promise<Data>) {
  return async (body: (ledger: Ledger, open: () => Promise<Ledger>) => Promise<void>): Promise<void> => {
    await using data = await prepare()
    await using ledger = await data.open()
    await body(ledger, data.open)
  }
}

/** Makes a call again for as long as the ledger is away. */
export async function patiently<Result>(call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof LedgerAway)) throw error
    }
  }
}
