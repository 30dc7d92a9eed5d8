import type { JetStreamClient, JsMsg } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { deadLetterHeaders } from '../headers.ts'
import { idHeader } from './wire.ts'

/** What a message is stored as when it is delivered no more. */
export interface DeadLetter {
  readonly id: string
  readonly reason: string
  /** Where the dead letters of the service are kept. */
  readonly subject: string
}

/**
 * Puts a message among the dead letters, as it came, and takes it off the service's list. JetStream has no dead
 * letters: it only stops delivering.
 */
export async function storeDeadLetter(js: JetStreamClient, message: JsMsg, { id, reason, subject }: DeadLetter) {
  const told = headers()
  for (const key of message.headers?.keys() ?? []) {
    // The server acts on its own headers; copied, they would be acted on again.
    if (!key.startsWith('Nats-')) told.set(key, message.headers?.get(key) ?? '')
  }
  told.set(deadLetterHeaders.id, id)
  told.set(deadLetterHeaders.reason, oneLine(reason))
  told.set(deadLetterHeaders.subject, message.subject)
  told.set(deadLetterHeaders.deliveries, String(message.info.deliveryCount))
  // The same id each time, so that a process killed between the two lines does not store it twice.
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
