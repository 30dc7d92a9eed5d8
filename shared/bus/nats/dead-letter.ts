import type { JetStreamClient, JsMsg } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { deadLetterHeaders } from '../headers.ts'
import { idHeader } from './wire.ts'

/** Why nobody gets a message any more. */
export interface DeathCertificate {
  readonly id: string
  readonly reason: string
  /** Where the dead letters of the service are kept. */
  readonly subject: string
}

/**
 * Puts a message among the dead letters, as it came, and takes it off the service's list. JetStream has no dead
 * letters: it only stops delivering.
 */
export async function bury(js: JetStreamClient, message: JsMsg, { id, reason, subject }: DeathCertificate) {
  const told = headers()
  for (const key of message.headers?.keys() ?? []) {
    // The server's own would be taken as orders once more.
    if (!key.startsWith('Nats-')) told.set(key, message.headers?.get(key) ?? '')
  }
  told.set(deadLetterHeaders.id, id)
  told.set(deadLetterHeaders.reason, oneLine(reason))
  told.set(deadLetterHeaders.subject, message.subject)
  told.set(deadLetterHeaders.deliveries, String(message.info.deliveryCount))
  // The same each time, so that dying between the two lines leaves no second letter.
  await js.publish(subject, message.data, { headers: told, msgID: `${subject} ${String(message.seq)}` })
  message.term()
}

/** The id that the sender gave to a message, whatever it looks like. */
export function idOf(message: JsMsg): string {
  return message.headers?.get(idHeader) ?? ''
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 1000)
}
