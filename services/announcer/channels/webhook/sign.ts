import { createHmac } from 'node:crypto'
import { z } from 'zod'

/** A secret as Standard Webhooks writes it: 24 to 64 bytes in base64, after `whsec_`. */
export const secret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/)
  .transform((text) => Buffer.from(text.slice('whsec_'.length), 'base64'))
  .refine((bytes) => bytes.length >= 24 && bytes.length <= 64)

interface Signed {
  /** The same for each try. */
  readonly id: string
  readonly sentAt: Date
  readonly body: string
}

/**
 * The headers by which a receiver knows that a body is ours, whole, new and not seen before, as Standard Webhooks has them.
 * While secrets are exchanged there are two, and a signature by each.
 */
export function signatureHeaders({ id, sentAt, body }: Signed, secrets: readonly Buffer[]): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1000))
  const signatures = secrets.map((key) =>
    createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64'),
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.map((one) => `v1,${one}`).join(' '),
  }
}
