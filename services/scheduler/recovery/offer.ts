import type { Logger } from 'pino'
import type { TakeIn } from '#service/host.ts'
import type { ComposeEvent } from '../compose/compose-event.ts'
import { judge, type Rules } from '../compose/judge.ts'
import { readNotice } from '../compose/notice.ts'
import { Refused } from '../compose/refused.ts'

export interface OfferOptions extends Rules {
  readonly takeIn: TakeIn
  readonly now: () => Date
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/**
 * Takes in a compose that was found, if it may get a drop: once for each seed. What the policy ignores or refuses is
 * told in the log only; its message, if it comes, is treated as any other.
 */
export async function offer(event: ComposeEvent, seed: string, options: OfferOptions): Promise<void> {
  const { takeIn, now, log } = options
  try {
    if ('ignored' in judge(readNotice(event, now()), options)) return
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    log.warn({ reason: error.message }, 'refused')
    return
  }
  log.info({ subject: event.subject, compose: event.body['compose_id'], seed }, 'received')
  await takeIn(event, { sender: 'recovery', seed })
}
