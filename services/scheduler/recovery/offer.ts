import type { Logger } from 'pino'
import type { TakeIn } from '#service/host.ts'
import { PermanentError } from '#service/errors.ts'
import { checkCompose, type UnderstandOptions } from '../compose/understand.ts'
import type { ComposeEvent } from '../intake/read-message.ts'

export interface OfferOptions extends Pick<UnderstandOptions, 'policy' | 'allowed'> {
  readonly takeIn: TakeIn
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/**
 * Takes in a compose that was found, if it may get a drop: once for each seed. What the policy ignores or refuses is
 * told in the log only; its message, if it comes, is treated as any other.
 */
export async function offer(event: ComposeEvent, seed: string, { takeIn, log, ...rules }: OfferOptions): Promise<void> {
  const why = whyLeft(event, rules)
  if (why === null) {
    log.info({ subject: event.subject, compose: event.body['compose_id'], seed }, 'received')
    await takeIn(event, { sender: 'recovery', seed })
  } else if (why.isRefused) {
    log.warn({ reason: why.reason }, 'refused')
  }
}

function whyLeft(event: ComposeEvent, rules: Omit<OfferOptions, 'takeIn' | 'log'>) {
  if (event.subject !== 'pungi.compose.status.change') return null
  try {
    const checked = checkCompose(event.body, rules)
    return typeof checked === 'string' ? { reason: checked, isRefused: false } : null
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error
    return { reason: error.message, isRefused: true }
  }
}
