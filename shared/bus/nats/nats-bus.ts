import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { Bus, Interest } from '../bus.ts'
import { consume } from './consume.ts'
import { ensureDurable } from './durable.ts'
import type { NatsContext } from './context.ts'
import { openLink } from './link.ts'
import { settle, type NatsOptions } from './options.ts'
import { openProgress } from './progress.ts'
import { publishAll } from './publish.ts'
import { isFinal } from './refusal.ts'
import { ensureStream } from './stream.ts'
import { createSubjects } from './subjects.ts'

/**
 * Opens a bus on NATS JetStream: one stream over all subjects, one durable consumer per service. Throws when no server
 * answers, and at once when one refuses us; later on only `givenUp` tells.
 */
export async function openNatsBus(options: NatsOptions): Promise<Bus> {
  const settings = settle(options)
  const subjects = createSubjects(settings.subjectPrefix)
  const link = await openLink(settings)
  const { connection } = link
  // Its check asks about the account, which a service's own user need not be allowed to.
  const jsm = await jetstreamManager(connection, { checkAPI: false })
  const js = jetstream(connection, { timeout: settings.confirmTimeout })
  const counts = { published: 0, delivered: 0, redelivered: 0, refused: 0 }
  const progress = openProgress(link, subjects)
  const context: NatsContext = { link, js, jsm, settings, subjects, counts }
  const subscriptions = new Set<AsyncDisposable>()
  let stream: Promise<void> | null = null

  const ready = () =>
    (stream ??= orGiveUp(ensureStream(context)).catch((error: unknown) => {
      stream = null
      throw error
    }))
  /** What cannot work ever ends the whole bus; the caller hears of it too. */
  async function orGiveUp<Result>(work: Promise<Result>): Promise<Result> {
    return await work.catch((error: unknown) => {
      if (isFinal(error)) link.giveUp(error)
      throw error
    })
  }

  return {
    async prepare(interests) {
      await orGiveUp(prepareAll(interests))
    },
    async publish(envelopes) {
      await publishAll({ ...context, ready, streamGone: () => (stream = null) }, envelopes)
      counts.published += envelopes.length
    },
    async subscribe(subscription) {
      checkName(subscription.service)
      const consumer = await orGiveUp(consume(context, subscription))
      const disposable = {
        async [Symbol.asyncDispose]() {
          subscriptions.delete(disposable)
          await consumer[Symbol.asyncDispose]()
        },
      }
      subscriptions.add(disposable)
      return disposable
    },
    signal(seen) {
      progress.signal(seen)
    },
    watch: (listener) => progress.watch(listener),
    state() {
      const { inBytes, outBytes } = connection.stats()
      const detail = link.detail()
      return { connected: detail === '', detail, ...counts, bytesIn: inBytes, bytesOut: outBytes }
    },
    account: null,
    givenUp: link.givenUp,
    async [Symbol.asyncDispose]() {
      await Promise.all([...subscriptions].map((subscription) => subscription[Symbol.asyncDispose]()))
      progress[Symbol.dispose]()
      await link[Symbol.asyncDispose]()
    },
  }

  async function prepareAll(interests: readonly Interest[]): Promise<void> {
    await ensureStream(context)
    for (const interest of interests) {
      checkName(interest.service)
      await ensureDurable(context, interest)
    }
  }
}

/** The service's name becomes a word of a subject and the name of a consumer. */
function checkName(service: string): void {
  if (!/^[\w-]+$/.test(service)) {
    throw new Error(`service: expected letters, digits and dashes, got ${JSON.stringify(service)}`)
  }
}
