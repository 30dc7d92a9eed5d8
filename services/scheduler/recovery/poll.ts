import type { Logger } from 'pino'
import { backoff } from '#service/backoff.ts'

/** After the first failure; each further one waits longer, up to the time between two looks. In milliseconds. */
const firstDelay = 5_000

/** A place that is looked at again and again. */
export interface Source {
  /** What the log calls it. */
  readonly name: string
  readonly minutes: number
  /** Looks once, and takes in what is new. */
  readonly look: (signal: AbortSignal) => Promise<void>
}

interface PollOptions {
  readonly log: Pick<Logger, 'warn'>
  /** Waits some milliseconds, or until the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

/** Looks at a source at once and then every so many minutes, sooner after a failure, until the signal aborts. */
export async function poll({ name, minutes, look }: Source, options: PollOptions, signal: AbortSignal): Promise<void> {
  const { log, sleep } = options
  const regular = minutes * 60_000
  let failures = 0
  while (!signal.aborted) {
    let wait = regular
    try {
      await look(signal)
      failures = 0
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      wait = Math.min(regular, backoff({ firstDelay, maxDelay: regular }, failures))
      log.warn({ err: error, source: name, failures, wait }, 'failed')
    }
    await sleep(wait, signal)
  }
}
