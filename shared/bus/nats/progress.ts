import type { Subscription } from '@nats-io/transport-node'
import type { JobProgress } from '../bus.ts'
import { createPacer, readProgress } from '../progress.ts'
import type { NatsLink } from './link.ts'
import type { Subjects } from './subjects.ts'

/** Progress over plain NATS: seen by whoever watches now, stored nowhere. */
export interface ProgressChannel extends Disposable {
  readonly signal: (progress: JobProgress) => void
  watch(listener: (progress: JobProgress) => void): Disposable
}

/** Opens the channel; it costs nothing until somebody signals or watches. */
export function openProgress(link: NatsLink, subjects: Subjects): ProgressChannel {
  const { connection } = link
  const listeners = new Set<(progress: JobProgress) => void>()
  let watching: Subscription | null = null

  function send(progress: JobProgress): void {
    // Without a connection the client would only keep it until it throws it away.
    if (link.detail() !== '' || connection.isClosed()) return
    connection.publish(subjects.progress(progress.service), JSON.stringify(progress))
  }
  const pacer = createPacer(send)

  return {
    signal: pacer.send,
    watch(listener) {
      watching ??= connection.subscribe(subjects.progress('*'), {
        callback: (error, message) => {
          const progress = error ? null : readProgress(message.data, message.subject.split('.').at(-1) ?? '')
          if (progress) for (const one of listeners) one(progress)
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
      pacer.stop()
      listeners.clear()
    },
  }
}
