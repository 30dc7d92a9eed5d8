import type { Job } from '#ledger/ledger.ts'

/** How a try at a job ended: `queued` is to be tried again, `waiting` to go on later, `lost` is somebody else's now. */
export type AttemptOutcome = 'done' | 'failed' | 'waiting' | 'queued' | 'ended' | 'lost'

/** One try at a job, as metrics and traces see it. */
export interface AttemptWatch {
  /** W3C `traceparent` for the events that the try says; null when it is not traced. */
  readonly traceparent: string | null
  readonly end: (outcome: AttemptOutcome, error?: unknown) => void
}

/** Called when a try begins. It must not throw. */
export type WatchAttempt = (job: Job) => AttemptWatch

export const watchNothing: WatchAttempt = () => ({ traceparent: null, end: () => {} })

/** Several watchers as one; the first that traces names the trace. */
export function watchTogether(watchers: readonly WatchAttempt[]): WatchAttempt {
  return (job) => {
    const watches = watchers.map((watch) => watch(job))
    return {
      traceparent: watches.find((one) => one.traceparent !== null)?.traceparent ?? null,
      end: (outcome, error) => {
        for (const one of watches) one.end(outcome, error)
      },
    }
  }
}
