import { NotPublished, type Bus } from '#bus/bus.ts'
import type { Envelope } from '#events/envelope.ts'
import type { Ledger, OutboxRow } from '#ledger/ledger.ts'
import { backoff } from './backoff.ts'
import type { Outlet } from './outlet.ts'

const batch = 200
/** What is said faster than the bus takes it waits in the outbox, not here. */
const handedAtMost = 5 * batch
const retry = { firstDelay: 200, maxDelay: 30_000 }
/** An event that we took and did not send is anybody's after this many milliseconds. */
const sendTime = 30_000

/**
 * Takes events from the outbox to the bus, in order, until they are confirmed. Only what services of this process have
 * said; what operators ask goes into the inbox of whoever hears it here, and never over the bus.
 */
export interface Relay {
  /** There are these events, which our own jobs have just said; without them, there may be some in the outbox. */
  readonly wake: (said?: readonly OutboxRow[] | null) => void
  /** Sends what is there, once more if it can, and ends. */
  stop(): Promise<void>
}

interface RelayOptions {
  readonly bus: Bus
  readonly ledger: Ledger
  readonly owner: string
  readonly now: () => Date
  readonly outlet: Outlet
  /** Takes in what operators ask. */
  readonly hear: (envelopes: readonly Envelope[]) => Promise<void>
}

/**
 * Starts the relay. `onError` hears of each failed try; the events stay in the outbox and are tried again. An event
 * that the bus does not take holds up no other.
 */
export function createRelay(options: RelayOptions, onError: (error: unknown) => void): Relay {
  const { bus, ledger, owner, now, hear } = options
  const { services, subjects, isOurs } = options.outlet
  let pumping: Promise<void> | null = null
  let failures = 0
  /** Set while the bus takes nothing at all. */
  let pause: NodeJS.Timeout | null = null
  /** Set while some events wait to be tried once more. */
  let retryLater: NodeJS.Timeout | null = null
  let notTaken: number[] = []
  /** What we were handed, in order: no look is needed to send it. */
  let handed: OutboxRow[] = []
  /** Whether there may be more in the outbox than we were handed. */
  let mustLook = true
  let isLooking = false

  /** Of full batches two are on their way at a time: one is checked and written while the bus stores the other. */
  async function sendAll(): Promise<void> {
    let before = Promise.resolve()
    let latest = Promise.resolve()
    let onItsWay: number[] = []
    try {
      while (hasMore()) {
        const rows = await next(onItsWay)
        const [said, asked] = partition(rows, isOurs)
        if (asked.length > 0) await hearAll(asked)
        before = latest
        latest = send(said)
        // Whoever waits for it hears of it.
        latest.catch(() => {})
        onItsWay = said.map((row) => row.seq)
        await before
        if (rows.length < batch || !hasMore()) await latest
      }
    } finally {
      await Promise.allSettled([before, latest])
    }
  }

  function hasMore(): boolean {
    return mustLook || handed.length > 0
  }

  async function next(onItsWay: readonly number[]): Promise<readonly OutboxRow[]> {
    if (!mustLook) return handed.splice(0, batch)
    mustLook = false
    // All that we were handed is there as well.
    handed = []
    isLooking = true
    const time = now()
    const rows = await ledger
      .takeUnsent({
        owner,
        services,
        subjects,
        now: time,
        until: new Date(time.getTime() + sendTime),
        limit: batch,
        except: [...notTaken, ...onItsWay],
      })
      .finally(() => {
        isLooking = false
      })
    mustLook ||= rows.length === batch
    return rows
  }

  async function hearAll(rows: readonly OutboxRow[]): Promise<void> {
    await hear(rows.map((row) => row.envelope))
    const seqs = rows.map((row) => row.seq)
    await ledger.markSent(seqs, now())
  }

  async function send(rows: readonly OutboxRow[]): Promise<void> {
    if (rows.length === 0) return
    const refused = await bus.publish(rows.map((row) => row.envelope)).then(() => null, refusedBy)
    const [failed, sent] = partition(rows, (row) => refused?.reasons.has(row.envelope.id) === true)
    const seqs = sent.map((row) => row.seq)
    if (seqs.length > 0) await ledger.markSent(seqs, now())
    if (refused === null) failures = 0
    else tryLater(failed, refused)
  }

  function tryLater(rows: readonly OutboxRow[], reason: NotPublished): void {
    failures += 1
    onError(reason)
    notTaken.push(...rows.map((row) => row.seq))
    retryLater ??= setTimeout(
      () => {
        retryLater = null
        notTaken = []
        wake()
      },
      backoff(retry, failures),
    )
  }

  function wake(said: readonly OutboxRow[] | null = null): void {
    // A look that is under way may have found them or not, and what waits there goes before them.
    const waits = mustLook || isLooking || pause !== null || notTaken.length > 0 || handed.length >= handedAtMost
    if (said === null || waits) mustLook = true
    else handed.push(...said)
    pump()
  }

  function pump(): void {
    if (pumping || pause || !hasMore()) return
    pumping = sendAll()
      .catch((error: unknown) => {
        failures += 1
        mustLook = true
        onError(error)
        pause = setTimeout(
          () => {
            pause = null
            wake()
          },
          backoff(retry, failures),
        )
      })
      .finally(() => {
        pumping = null
        pump()
      })
  }

  return {
    wake,
    async stop() {
      await pumping
      if (pause) clearTimeout(pause)
      pause = setTimeout(() => {}, 0)
      mustLook = true
      await sendAll().catch(onError)
      clearTimeout(pause)
      if (retryLater) clearTimeout(retryLater)
    },
  }
}

function refusedBy(error: unknown): NotPublished {
  if (error instanceof NotPublished) return error
  throw error
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}
