import { z } from 'zod'
import type { JobProgress } from './bus.ts'

/** Between two signals of one job, in milliseconds; of those in between the last is sent. */
const interval = 250

/** Passes progress on, of each job four times a second at most. */
export interface Pacer {
  readonly send: (progress: JobProgress) => void
  /** Passes on what waits, and keeps nothing more. */
  readonly stop: () => void
}

export function createPacer(emit: (progress: JobProgress) => void): Pacer {
  /** Jobs that were just seen, with what came since. */
  const resting = new Map<string, { timer: NodeJS.Timeout; next: JobProgress | null }>()

  function send(progress: JobProgress): void {
    const job = JSON.stringify([progress.service, progress.drop, progress.image])
    const seen = resting.get(job)
    if (seen) {
      seen.next = progress
      return
    }
    emit(progress)
    const timer = setTimeout(() => {
      const next = resting.get(job)?.next
      resting.delete(job)
      if (next) send(next)
    }, interval)
    resting.set(job, { timer: timer.unref(), next: null })
  }

  return {
    send,
    stop() {
      for (const { timer, next } of resting.values()) {
        clearTimeout(timer)
        if (next) emit(next)
      }
      resting.clear()
    },
  }
}

const shape = z.object({
  service: z.string(),
  drop: z.string().nullable(),
  image: z.string().nullable(),
  state: z.enum(['started', 'running', 'done', 'failed', 'waiting']),
  phase: z.string(),
  done: z.number().exactOptional(),
  total: z.number().exactOptional(),
  unit: z.enum(['bytes', 'percent', 'checks', 'steps']).exactOptional(),
})

/**
 * What others send where progress travels may be anything; what is no progress is nothing to us. Whose it is, the place
 * tells that it was sent to, which the broker lets only that service send to.
 */
export function readProgress(data: Uint8Array, service: string): JobProgress | null {
  try {
    const progress = shape.safeParse(JSON.parse(Buffer.from(data).toString('utf8'))).data
    return progress ? { ...progress, service } : null
  } catch {
    return null
  }
}
