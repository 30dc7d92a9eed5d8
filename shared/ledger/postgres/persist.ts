import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { LedgerAway } from '../ledger.ts'
import type { Persist } from '../persist.ts'
import { isPassing } from './errors.ts'

const firstDelay = 50
const maxDelay = 2_000

/** Repeats a call while the database is away, until the call's patience ends. */
export function createPersist(log: Logger, ending: AbortSignal): Persist {
  return async (call, { patience = 30_000 } = {}) => {
    const deadline = performance.now() + patience
    for (let tries = 1; ; tries += 1) {
      try {
        return await call(tries > 1)
      } catch (error) {
        if (!isPassing(error)) throw error
        const delay = Math.random() * Math.min(maxDelay, firstDelay * 2 ** tries)
        if (ending.aborted || performance.now() + delay > deadline) throw away(error, tries)
        if (tries === 1) log.warn({ err: error }, 'the ledger is away')
        await sleep(delay)
      }
    }
  }
}

function away(cause: unknown, tries: number): LedgerAway {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new LedgerAway(`the ledger does not answer (tried ${String(tries)} times): ${reason}`, { cause })
}
