import { z } from 'zod'
import type { Subscription } from '@nats-io/transport-node'
import type { JobProgress } from '../bus.ts'
import type { NatsLink } from './link.ts'
import type { Subjects } from './subjects.ts'

/** Progress over plain NATS: seen by whoever watches now, stored nowhere. */
export interface ProgressChannel extends Disposable {
  signal(progress: JobProgress): void
  watch(listener: (progress: JobProgress) => void): Disposable
}

/** A job is seen at most so many milliseconds after it was seen last. */
const pace = 250

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

/** Opens the channel; it costs nothing until somebody signals or watches. */
export function openProgress(link: NatsLink, subjects: Subjects): ProgressChannel {
  const { connection } = link
  const listeners = new Set<(progress: JobProgress) => void>()
  /** Jobs that were just seen, with what came since. */
  const resting = new Map<string, { latest: JobProgress | null; timer: NodeJS.Timeout }>()
  let watching: Subscription | null = null

  function send(progress: JobProgress): void {
    // Without a connection the client would only keep it until it throws it away.
    if (link.detail() !== '' || connection.isClosed()) return
    connection.publish(subjects.progress(progress.service), JSON.stringify(progress))
  }
  function rest(job: string): void {
    const timer = setTimeout(() => {
      const latest = resting.get(job)?.latest
      resting.delete(job)
      if (!latest) return
      send(latest)
      rest(job)
    }, pace)
    timer.unref()
    resting.set(job, { latest: null, timer })
  }
  function hear(data: Uint8Array): void {
    const progress = shape.safeParse(parseJson(data))
    if (progress.success) for (const listener of listeners) listener(progress.data)
  }

  return {
    signal(progress) {
      const job = JSON.stringify([progress.service, progress.drop, progress.image])
      const seen = resting.get(job)
      if (seen) {
        seen.latest = progress
        return
      }
      send(progress)
      rest(job)
    },
    watch(listener) {
      watching ??= connection.subscribe(subjects.progress('*'), {
        callback: (error, message) => {
          if (!error) hear(message.data)
        },
      })
      listeners.add(listener)
      return {
        [Symbol.dispose]() {
          listeners.delete(listener)
          if (listeners.size > 0) return
          watching?.unsubscribe()
          watching = null
        },
      }
    },
    [Symbol.dispose]() {
      for (const { latest, timer } of resting.values()) {
        clearTimeout(timer)
        if (latest) send(latest)
      }
      resting.clear()
      listeners.clear()
    },
  }
}

/** What others send here may be anything; what is no progress is nothing to us. */
function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'))
  } catch {
    return null
  }
}
