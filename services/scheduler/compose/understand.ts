import type { ComposeStatusChanged } from '#events/compose.ts'
import type { ComposeRef } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { findDistribution } from '../policy/find-distribution.ts'
import type { Distribution, Policy } from '../policy/policy.ts'
import { completeNotice, type CompleteNotice } from './complete.ts'
import { parseLabel, type Label } from './label.ts'
import { assertAllowedLocation } from './location.ts'
import { readNotice, type Notice } from './notice.ts'
import type { ReadMetadata } from './read-metadata.ts'
import { whyIgnored } from './why-ignored.ts'

/** A finished compose that may get a drop. */
export interface Qualified {
  readonly compose: ComposeRef
  readonly distribution: Distribution
  /** What a production compose is a candidate of; null for a nightly one. */
  readonly candidate: Extract<Label, { says: 'candidate' }> | null
  readonly missing: readonly string[]
}

export interface UnderstandOptions {
  readonly policy: Policy
  /** The policy's allowed locations and those of the configuration. */
  readonly allowed: readonly string[]
  readonly read: ReadMetadata
}

/**
 * Says what a compose message is: a compose that may get a drop, or the reason why it gets none. Throws PermanentError
 * (refused) naming the field and its value for what cannot be trusted or is not known.
 */
export async function understandCompose(
  body: ComposeStatusChanged,
  { policy, allowed, read }: UnderstandOptions,
  signal: AbortSignal,
): Promise<Qualified | string> {
  const notice = checkCompose(body, { policy, allowed })
  if (typeof notice === 'string') return notice
  const complete = await completeNotice(notice, read, signal)
  return whyIgnored(complete, policy) ?? qualify(complete, policy)
}

/** As much of `understandCompose` as needs nothing but the message. */
export function checkCompose(
  body: ComposeStatusChanged,
  { policy, allowed }: Pick<UnderstandOptions, 'policy' | 'allowed'>,
): Notice | string {
  const notice = readNotice(body)
  const ignored = whyIgnored(notice, policy)
  if (ignored !== null) return ignored
  assertTypes(notice)
  assertLabel(notice)
  distributionOf(notice, policy)
  return { ...notice, location: assertAllowedLocation(notice.location, allowed) }
}

function qualify(notice: CompleteNotice, policy: Policy): Qualified {
  assertLabel(notice)
  const { name, id, label, location, isIncomplete, missing } = notice
  const { short, version, type, date, respin } = id
  const parsed = parseLabel(label ?? '')
  return {
    compose: { id: name, short, version, type, date, respin, label, location, incomplete: isIncomplete },
    distribution: distributionOf(notice, policy),
    candidate: type === 'production' && parsed.says === 'candidate' ? parsed : null,
    missing,
  }
}

function assertTypes({ name, id, composeType }: Notice): void {
  if (composeType === undefined || composeType === id.type) return
  throw refused(`compose_type: expected ${id.type}, as the compose id ${name} says, got ${JSON.stringify(composeType)}`)
}

function assertLabel({ id, label }: Notice): void {
  if (id.type !== 'production' || typeof label !== 'string' || parseLabel(label).says !== 'nothing') return
  throw refused(`compose_label: expected a label as Beta-1.2, got ${JSON.stringify(label)}`)
}

function distributionOf({ name, id }: Notice, policy: Policy): Distribution {
  const found = findDistribution(id, policy)
  if (found) return found
  const known = policy.distributions.map(({ short, versions }) => `${short} ${versions.join(', ')}`).join('; ')
  throw refused(
    `compose_id: the policy knows no distribution ${id.short} ${id.version}, only ${known}; got ${JSON.stringify(name)}`,
  )
}

function refused(message: string): PermanentError {
  return new PermanentError('refused', message)
}
