import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { LedgerAway } from '#ledger/ledger.ts'
import { backoff } from './backoff.ts'

/** Half of the time after which RabbitMQ takes a silent consumer for dead. */
const longestWait = 15 * 60_000
const pauses = { firstDelay: 500, maxDelay: 10_000 }

/**
 * Makes a call of the ledger again and again while the ledger is away: its absence is neither the event's fault,
 * which a broker would count, nor the job's, whose result would be lost. Throws LedgerAway after 15 minutes, or when
 * the signal has aborted: then the call is made once more at most.
 */
export async function whileLedgerIsAway<Result>(
  log: Logger,
  call: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const giveUp = Date.now() + longestWait
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof LedgerAway) || Date.now() > giveUp || signal?.aborted === true) throw error
      log.warn({ reason: error.message, attempt }, 'waiting')
      await sleep(backoff(pauses, attempt), undefined, { signal }).catch(() => {})
    }
  }
}
