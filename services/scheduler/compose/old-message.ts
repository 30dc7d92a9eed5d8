import type { Policy } from '../policy/policy.ts'
import type { OldBody } from './compose-event.ts'
import { isCalendarDate, type ComposeId } from './compose-id.ts'
import { refused } from './refused.ts'

/** The release version that a message of before Pungi 4 is about; null when its branch is not one. */
export function versionOfBranch(branch: string): string | null {
  if (branch.toLowerCase() === 'rawhide') return 'Rawhide'
  return /^\d{1,4}$/.test(branch) ? branch : null
}

/**
 * The id of the compose that a message of before Pungi 4 is about. It does not name it: the id is made of the branch and
 * of the day of the envelope, or else of the day on which the message came. Throws Refused.
 */
export function readOldComposeId({ branch, compose_date: day }: OldBody, came: Date): ComposeId {
  const version = versionOfBranch(branch)
  if (version === null) throw refused('branch', branch, 'expected rawhide or a release number')
  const date = day === undefined ? came.toISOString().slice(0, 10).replaceAll('-', '') : day
  if (typeof date !== 'string' || !isCalendarDate(date))
    throw refused('compose_date', day, 'expected a day as 20130521')
  return { short: 'Fedora', version, releaseType: 'ga', base: null, date, type: 'nightly', respin: 0 }
}

/** Where the policy says that the composes of before Pungi 4 lie. */
export function placeOfOld({ version, date }: ComposeId, { oldComposes }: Policy): string {
  const place = version === 'Rawhide' ? oldComposes.rawhide : oldComposes.branched
  return place.replaceAll('{date}', date).replaceAll('{branch}', version)
}
