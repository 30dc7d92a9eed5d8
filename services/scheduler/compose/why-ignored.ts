import type { Policy } from '../policy/policy.ts'
import { matchesVersion } from '../policy/versions.ts'
import type { Label } from './label.ts'
import type { Notice } from './notice.ts'

const finished = new Set(['FINISHED', 'FINISHED_INCOMPLETE'])
const scratchTypes = new Set(['test', 'ci', 'development'])

/** Why a compose gets no drop, in one sentence; null when it may get one, as far as is known yet. */
export function whyIgnored(notice: Notice, label: Label, policy: Policy): string | null {
  const { name, id, named, status, onlyFor, releaseType } = notice
  if (onlyFor !== null) return `the compose of ${named.value} is complete for ${onlyFor} only`
  if (!finished.has(status)) return `${name} has the status ${status}; only a finished compose gets a drop`
  if (releaseType !== 'ga') return `${name} is a compose of ${releaseType}, not of the release itself`
  if (notice.isLayered) return `${name} is a layered release, not a distribution`
  if (scratchTypes.has(id.type)) return `${name} is a ${id.type} compose`
  if (label.says === 'other') return `${name}: ${label.reason}`
  return whyReleaseIgnored(notice, policy) ?? whyUnlabelled(notice)
}

function whyReleaseIgnored({ name, id, releaseShort }: Notice, policy: Policy): string | null {
  const row = policy.ignored.find(
    ({ short, versions }) =>
      (short === id.short || short === releaseShort) &&
      (versions === undefined || versions.some((one) => matchesVersion(one, id.version))),
  )
  return row ? `${name} is ignored by the policy: ${row.reason}` : null
}

function whyUnlabelled({ name, id, label }: Notice): string | null {
  return id.type === 'production' && label === null ? `${name} is a production compose without a label` : null
}
