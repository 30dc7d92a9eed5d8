import type { DropRequest } from './events.ts'
import { phaseOf } from './phase.ts'
import type { DropState } from './state.ts'

const ofDrop = /^(milestone|weekly|nightly)-/

/** What a request makes of a drop, or the reason why it makes nothing. */
export function hearRequest(state: DropState, { subject, body, time }: DropRequest): DropState | string {
  const { drop } = body
  const phase = phaseOf(state)
  if (phase === 'unknown') return `there is no drop ${drop}`
  if (phase === 'superseded' || phase === 'expired') return `${drop} is ${phase}; that is final`
  if (phase === 'unchanged' && subject !== 'drop.retry.requested.v1')
    return `${drop} is unchanged; it can only be retried`
  switch (subject) {
    case 'drop.blessing.requested.v1':
      if (phase === 'cancelled') return `${drop} is cancelled; retry it first`
      return state.blessed ? `${drop} was blessed by ${state.blessed.by} before` : { ...state, blessing: body.by }
    case 'drop.cancellation.requested.v1':
      if (phase === 'cancelled') return `${drop} is cancelled already`
      if (state.published) return `${drop} is published; supersede it to withdraw it`
      return { ...state, end: { how: 'cancelled', by: body.by, said: false } }
    case 'drop.supersession.requested.v1':
      // A respin replaces what waits; what people were told to use is withdrawn by a person alone.
      if (isRespin(body.by) && state.blessed) return `${drop} is blessed; the respin ${body.by} stands beside it`
      return { ...state, end: { how: 'superseded', by: body.by, reason: body.reason, said: false } }
    case 'drop.retry.requested.v1':
      return retry(state, drop, time)
    case 'drop.expiry.reached.v1':
      if (body.onlyUnblessed && state.blessed) return `${drop} is blessed and kept longer`
      return {
        ...state,
        end: { how: 'expired', keptDays: body.keptDays, keptNewest: body.keptNewest, said: false },
      }
  }
}

/** Whether a supersession was asked for by a newer drop, not by a person. */
export function isRespin(by: string): boolean {
  return ofDrop.test(by)
}

/**
 * Forgets the failures: the services take their own jobs up again, and their new words hold. Nothing is requested a
 * second time, for a request once said stays in its service's inbox.
 */
function retry(state: DropState, drop: string, time: string): DropState | string {
  const phase = phaseOf(state)
  const hasFailed = Object.values(state.images).some((image) => Object.keys(image.failures).length > 0)
  const isOpen = phase === 'cancelled' || phase === 'unchanged' || phase === 'failed' || (hasFailed && !state.blessed)
  if (!isOpen) return `${drop} is ${phase}; there is nothing to retry`
  const images = Object.entries(state.images).map(([key, image]) => [key, { ...image, failures: {} }] as const)
  return {
    ...state,
    end: null,
    failures: {},
    saidFailed: false,
    retriedAt: time,
    images: Object.fromEntries(images),
  }
}
