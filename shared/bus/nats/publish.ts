import type { JetStreamClient } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import type { Envelope } from '#events/envelope.ts'
import { checkOutgoing } from '#events/parse.ts'
import { NotPublished } from '../bus.ts'
import type { NatsContext } from './context.ts'
import { describe, isNobodyThere, isRefusedEvent } from './refusal.ts'
import { toMessage } from './wire.ts'

/** How many events wait for the server's word at a time. */
const window = 256

interface PublishOptions extends Pick<NatsContext, 'link' | 'js' | 'subjects'> {
  /** Resolves when there is a stream for what we say. */
  readonly ready: () => Promise<void>
  /** Whoever deletes our stream while we run gets it made again. */
  readonly streamGone: () => void
}

/**
 * Sends events in order, and waits for the server's word that each is stored; that it was stored before is as good.
 * Throws NotPublished when the server refused some, and any other error when it said nothing at all.
 */
export async function publishAll(options: PublishOptions, envelopes: readonly Envelope[]): Promise<void> {
  envelopes.forEach(checkOutgoing)
  options.link.lost().throwIfAborted()
  await options.ready()
  const reasons = new Map<string, string>()
  for (let start = 0; start < envelopes.length; start += window) {
    const silence = await publishSome(options, envelopes.slice(start, start + window), reasons)
    if (silence === null) continue
    for (const { id } of envelopes.slice(start + window)) reasons.set(id, 'not sent, because the server fell silent')
    if (reasons.size === envelopes.length) throw unanswered(silence)
    break
  }
  if (reasons.size > 0) throw new NotPublished(reasons)
}

/** Puts into `reasons` what did not get through. Returns why the server fell silent, if it did. */
async function publishSome(
  { link, js, subjects, streamGone }: PublishOptions,
  envelopes: readonly Envelope[],
  reasons: Map<string, string>,
): Promise<unknown> {
  const waiting = new Set(envelopes.map(({ id }) => id))
  let silence: unknown = null
  const answers = envelopes.map(async (envelope) => {
    try {
      await publishOne(js, subjects.of(envelope.subject, envelope.sender), envelope)
    } catch (error) {
      if (isNobodyThere(error)) streamGone()
      if (!isRefusedEvent(error)) silence = error
      reasons.set(envelope.id, describe(error))
    }
    waiting.delete(envelope.id)
  })
  await link.whileConnected(Promise.all(answers)).catch((error: unknown) => {
    silence = error
  })
  for (const id of waiting) reasons.set(id, describe(silence))
  return silence
}

async function publishOne(js: JetStreamClient, subject: string, envelope: Envelope): Promise<void> {
  const { id, headers: told, data } = toMessage(envelope)
  const carried = headers()
  for (const [key, value] of Object.entries(told)) carried.set(key, value)
  await js.publish(subject, data, { msgID: id, headers: carried })
}

function unanswered(silence: unknown): Error {
  return new Error(`NATS does not say that it stored the events: ${describe(silence)}`, { cause: silence })
}
