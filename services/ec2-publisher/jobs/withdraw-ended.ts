import { z } from 'zod'
import type { DropExpired } from '#events/drop-expired.ts'
import type { DropSuperseded } from '#events/drop-superseded.ts'
import type { Context, Waited, WaitFor } from '#service/define.ts'
import type { Cloud, WithdrawalStep } from '../cloud.ts'
import { target } from '../step.ts'
import { newestName, registrationsOf } from './image-order.ts'

const minute = 60_000
const day = 24 * 60 * minute
/** DeprecateAt lies in the future, and is rounded to the minute. */
const soon = 2 * minute

/** How long the images of a drop that was superseded stay, in days; see README.md. */
export interface Retention {
  readonly keepDays: number
  readonly hiddenDays: number
  readonly launchedDays: number
}

const kept = z.object({ since: z.number() })

interface Given {
  readonly cloud: Cloud
  readonly retention: Retention
}

/**
 * Withdraws a drop step by step, and waits in between. One that a person withdrew for a reason is private at once, and one
 * that has expired is removed at once: for it the days are over.
 */
export async function withdrawEnded(
  { drop, images, ...body }: DropSuperseded | DropExpired,
  { cloud, retention }: Given,
  context: Context & { readonly waited?: Waited },
) {
  const { launchedDays } = retention
  const now = context.now().getTime()
  const since = context.waited ? kept.parse(context.waited.state).since : now
  const { keepDays, hiddenDays } = 'by' in body ? daysFor(body.reason, retention) : { keepDays: 0, hiddenDays: 0 }
  const age = (now - since) / day
  const step: WithdrawalStep =
    age < keepDays
      ? { kind: 'deprecate', from: new Date(now + soon).toISOString() }
      : age < keepDays + hiddenDays
        ? { kind: 'hide' }
        : { kind: 'remove', unlessLaunchedSince: launchedSince(now, launchedDays) }
  // Also when there are no registrations: an upload that was cut off has left things that no event knows of.
  const newest = images
    .filter(({ image }) => image.targets.includes(target))
    .map(({ image }) => newestName(body, image))
  const left = await cloud.withdraw(drop, context, { registrations: images.flatMap(registrationsOf), step, newest })
  if (step.kind === 'remove' && left.length === 0) return []
  if (left.length > 0) context.log.info({ drop, kept: left }, 'kept')
  const next = step.kind === 'deprecate' ? keepDays : keepDays + hiddenDays
  const until = step.kind === 'remove' ? now + day : since + next * day
  return { events: [], wait: waitUntil(until, step.kind === 'remove', since) }
}

function daysFor(reason: string | undefined, { keepDays, hiddenDays }: Retention) {
  return reason === undefined ? { keepDays, hiddenDays } : { keepDays: 0, hiddenDays }
}

function launchedSince(now: number, days: number): string | null {
  return days === 0 ? null : new Date(now - days * day).toISOString()
}

function waitUntil(until: number, isUsed: boolean, since: number): WaitFor {
  const reason = isUsed ? 'images that are still used' : 'the end of the days for which withdrawn images are kept'
  return { for: null, until: new Date(until), reason, kind: 'planned', state: { since } }
}
