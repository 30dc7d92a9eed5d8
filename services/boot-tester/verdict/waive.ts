import type { CheckResult, Waiver } from '#events/vocabulary.ts'
import type { Subject } from '../plan/subject.ts'
import { isAboutResult, type KnownFailure } from './known-failures.ts'

/** What a check declares about how much its failure weighs. */
export interface Weight {
  readonly name: string
  /** A `warning` never fails an image; `error` when left out. */
  readonly severity?: 'error' | 'warning'
  /** The day on which the check came, as `2026-11-26`; none when it was always there. */
  readonly since?: string | null
}

/** What a failed check is held against. */
export interface Rules {
  readonly weights: readonly Weight[]
  readonly known: readonly KnownFailure[]
  readonly subject: Subject
  /** As `2026-11-26`, UTC. */
  readonly today: string
}

/** For so many days after it came, a check only warns. */
const daysToWarn = 30
const day = 24 * 60 * 60 * 1000

/** Why a failed check does not count; undefined when it does. */
export function waiverFor(result: CheckResult, { weights, known, subject, today }: Rules): Waiver | undefined {
  const found = known.find((one) => isAboutResult(one, result, subject) && today <= one.expires)
  if (found) return { why: 'known', reason: found.reason, link: found.link, until: found.expires }
  const weight = weights.find(({ name }) => name === result.name)
  if (weight?.severity === 'warning') return { why: 'warning', reason: 'this check only warns' }
  if (!weight?.since) return undefined
  const until = new Date(Date.parse(weight.since) + (daysToWarn - 1) * day).toISOString().slice(0, 10)
  return today <= until
    ? { why: 'new', reason: `this check is new since ${weight.since} and only warns`, until }
    : undefined
}
