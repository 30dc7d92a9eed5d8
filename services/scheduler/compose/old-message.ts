import type { ComposeStatusChanged } from '#events/compose.ts'
import { PermanentError } from '#service/errors.ts'
import type { Policy } from '../policy/policy.ts'

/** The body of `compose.rawhide.complete` and `compose.branched.complete`. */
export interface OldMessage {
  readonly branch: string
  readonly arch?: string | undefined
  /** YYYYMMDD, from the envelope that the message came in. */
  readonly compose_date?: unknown
}

/** The release version that a message of before Pungi 4 is about; null when its branch is not one. */
export function versionOfBranch(branch: string): string | null {
  if (branch.toLowerCase() === 'rawhide') return 'Rawhide'
  return /^\d{1,4}$/.test(branch) ? branch : null
}

/** Why a message of before Pungi 4 is no finished compose; null when it is one. */
export function whyOldIgnored({ branch, arch }: OldMessage): string | null {
  return arch ? `the compose of ${branch} is complete for ${arch} only` : null
}

/**
 * Puts a message of before Pungi 4 into today's words. It names neither the compose nor its place: the id is made of
 * the day of its envelope, or else of the day on which it came; the place is the policy's. Throws PermanentError
 * (refused) for an unknown branch.
 */
export function modernise(
  { branch, compose_date: day }: OldMessage,
  said: Date,
  { oldComposes }: Policy,
): ComposeStatusChanged {
  const version = versionOfBranch(branch)
  if (version === null) {
    throw new PermanentError('refused', `branch: expected rawhide or a release number, got ${JSON.stringify(branch)}`)
  }
  const date =
    typeof day === 'string' && /^\d{8}$/.test(day) ? day : said.toISOString().slice(0, 10).replaceAll('-', '')
  const place = version === 'Rawhide' ? oldComposes.rawhide : oldComposes.branched
  return {
    compose_id: `Fedora-${version}-${date}.n.0`,
    status: 'FINISHED',
    location: place.replaceAll('{date}', date).replaceAll('{branch}', version),
    compose_date: date,
    compose_type: 'nightly',
    compose_respin: 0,
    compose_label: null,
    release_short: 'Fedora',
    release_version: version,
    release_type: 'ga',
  }
}
