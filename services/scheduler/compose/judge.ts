import { findDistribution } from '../policy/find-distribution.ts'
import type { Distribution, Policy } from '../policy/policy.ts'
import { parseLabel, type Label } from './label.ts'
import { assertAllowedLocation } from './location.ts'
import type { Notice } from './notice.ts'
import { placeOfOld } from './old-message.ts'
import { refused } from './refused.ts'
import { whyIgnored } from './why-ignored.ts'

/** What a compose is judged by. */
export interface Rules {
  readonly policy: Policy
  /** The policy's allowed locations and those of the configuration. */
  readonly allowed: readonly string[]
}

/** A compose that gets no drop, and why: most that are heard of do not. */
export interface Ignored {
  readonly ignored: string
}

/** A notice of a compose whose place is known, and may be read. */
export interface LocatedNotice extends Notice {
  readonly location: string
}

/** A compose that may get a drop, as far as is known of it. */
export interface Accepted<Known extends Notice> {
  readonly notice: Known & LocatedNotice
  readonly distribution: Distribution
  /** What a production compose is a candidate of; null for a nightly one. */
  readonly candidate: Extract<Label, { says: 'candidate' }> | null
}

/** Judges a compose by all that is known of it so far. Throws Refused for what cannot be right, or is not to be trusted. */
export function judge<Known extends Notice>(notice: Known, { policy, allowed }: Rules): Accepted<Known> | Ignored {
  const label = parseLabel(notice.label ?? '')
  const ignored = whyIgnored(notice, label, policy)
  if (ignored !== null) return { ignored }
  const isProduction = notice.id.type === 'production'
  assertType(notice)
  if (isProduction && typeof notice.label === 'string' && label.says === 'nothing') {
    throw refused('compose_label', notice.label, 'expected a label as Beta-1.2')
  }
  const distribution = distributionOf(notice, policy)
  const location = assertAllowedLocation(notice.location ?? placeOfOld(notice.id, policy), allowed)
  return {
    notice: { ...notice, location },
    distribution,
    candidate: isProduction && label.says === 'candidate' ? label : null,
  }
}

function assertType({ name, id, composeType }: Notice): void {
  if (composeType === undefined || composeType === id.type) return
  throw refused('compose_type', composeType, `expected ${id.type}, as the compose id ${name} says`)
}

function distributionOf({ id, named }: Notice, policy: Policy): Distribution {
  const found = findDistribution(id, policy)
  if (found) return found
  const known = policy.distributions.map(({ short, versions }) => `${short} ${versions.join(', ')}`).join('; ')
  const why = `the policy knows no distribution ${id.short} ${id.version}, only ${known}`
  throw refused(named.field, named.value, why)
}
