import { setTimeout as sleep } from 'node:timers/promises'
import { LedgerAway, LedgerBroken } from './ledger.ts'

/**
 * Makes a call again when it may succeed a little later. `repeated` tells that an earlier try may have been
 * committed although its answer was lost.
 */
export type Persist = <Result>(
  call: (repeated: boolean) => Promise<Result>,
  options?: { /** Milliseconds. */ patience?: number },
) => Promise<Result>

/** What keeps one database from its work, and how to say it. */
export interface Troubles {
  /** `passing`: the same call may succeed later; `broken`: no call will, before a person has mended the database. */
  readonly classify: (error: unknown) => 'passing' | 'broken' | 'other'
  /** One line for people: which ledger, what it lacks, what to do. */
  readonly explain: (error: unknown) => string
  /** Whether it is still so, although a call has succeeded: a small write may fit on a full disk. */
  readonly persists?: () => boolean
}

/** How a process hears of the ledger's absence, and how it ends all waiting for it. */
export interface Patience {
  /** Told why the ledger went away, once, and null when it is back. */
  readonly onAway?: (reason: string | null) => void
  /** From then on nothing is repeated: calls under way are given up, later ones get a moment. */
  readonly ending?: AbortSignal
}

const firstDelay = 50
const maxDelay = 2_000
/** What a call gets when the process ends. */
const lastMoment = 1_000
/** Reading works on a full disk: only when nothing has failed for so long does a success mean that all is well. */
const calmTime = 10_000
/** Whoever waits for a lock gets it at the second try. A ledger that fails more often is away. */
const triesOfContention = 2

/** Repeats a call while the database is away, until the call's patience ends. `giveUp` is aborted when it is broken. */
export function createPersist(troubles: Troubles, giveUp: AbortController, patience: Patience = {}): Persist {
  const { classify, explain } = troubles
  const { onAway = () => {}, ending = new AbortController().signal } = patience
  let failedAt: number | null = null

  function failed(reason: string): void {
    // At the end it is us who do not wait.
    if (ending.aborted) return
    if (failedAt === null) onAway(reason)
    failedAt = performance.now()
  }
  function succeeded(tries: number): void {
    if (failedAt === null) return
    const isCalm = performance.now() - failedAt >= calmTime
    if (!isCalm && (tries === 1 || troubles.persists?.() === true)) return
    failedAt = null
    onAway(null)
  }

  return async (call, { patience = 30_000 } = {}) => {
    const deadline = performance.now() + patience
    for (let tries = 1; ; tries += 1) {
      try {
        const result = await unlessEnding(call(tries > 1), ending)
        succeeded(tries)
        return result
      } catch (error) {
        const kind = error instanceof Ended ? 'passing' : classify(error)
        if (kind === 'other') throw error
        const reason = error instanceof Ended ? error.message : explain(error)
        if (kind === 'broken') {
          const broken = new LedgerBroken(reason, { cause: error })
          giveUp.abort(broken)
          throw broken
        }
        const delay = Math.random() * Math.min(maxDelay, firstDelay * 2 ** tries)
        const isOver = ending.aborted || performance.now() + delay > deadline
        if (isOver || tries > triesOfContention) failed(reason)
        if (isOver) throw new LedgerAway(reason, { cause: error })
        await sleep(delay, undefined, { signal: ending }).catch(() => {})
      }
    }
  }
}

/** The process ends while the database has not answered. */
class Ended extends Error {
  override name = 'Ended'
  override message = 'the process ends, and the ledger has not answered'
}

async function unlessEnding<Result>(call: Promise<Result>, ending: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | null = null
  const refuse = () => {
    reject(new Ended())
  }
  if (ending.aborted) timer = setTimeout(refuse, lastMoment)
  else ending.addEventListener('abort', refuse, { once: true })
  try {
    return await Promise.race([call, promise])
  } finally {
    ending.removeEventListener('abort', refuse)
    if (timer !== null) clearTimeout(timer)
  }
}
