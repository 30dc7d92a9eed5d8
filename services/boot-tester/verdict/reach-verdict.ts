import { counts, type BootRecord, type CheckResult } from '#events/vocabulary.ts'
import type { Found } from './found.ts'
import { notesOn } from './notes.ts'
import { waiverFor, type Rules } from './waive.ts'

/** What is said of an image in the end. */
export interface Outcome {
  /** `errored`: the tester could not tell. */
  readonly verdict: 'passed' | 'failed' | 'errored'
  /** Of the disk, then of each try at each boot; what does not count says why. */
  readonly checks: readonly CheckResult[]
  /** Of each try, in their order. */
  readonly outcomes: readonly BootRecord['outcome'][]
  /** What people should do something about though it decided nothing. */
  readonly notes: readonly string[]
}

/**
 * Says whether an image is fit: when nothing failed that counts, on its disk and in every try, and every boot that it was to
 * pass came to its end. What failed once has failed, whatever another try shows; only a waiver that has a name and a day, or
 * a check that does no more than warn, lets it through.
 */
export function reachVerdict({ disk, planned, tried }: Found, rules: Rules): Outcome {
  const weighed = (results: readonly CheckResult[]) => results.map((result) => weigh(result, rules))
  const onDisk = weighed(disk)
  const boots = tried.map(({ boot, attempt, found }) => {
    if (!('checks' in found)) return { outcome: 'errored' as const, checks: [] }
    const about = attempt === 1 ? { boot } : { boot, attempt }
    const checks = weighed(found.checks.map((check) => ({ ...check, ...about })))
    return { outcome: outcomeOf(checks), checks }
  })
  const checks = [...onDisk, ...boots.flatMap((one) => one.checks)]
  const ended = new Set(tried.filter(({ found }) => 'checks' in found).map(({ boot }) => boot))
  const verdict = checks.some(counts) ? 'failed' : planned.every((boot) => ended.has(boot)) ? 'passed' : 'errored'
  const outcomes = boots.map(({ outcome }) => outcome)
  return { verdict, checks, outcomes, notes: notesOn({ checks, tried, outcomes }, rules) }
}

/** Whether one boot was passed, by its checks alone. */
function outcomeOf(checks: readonly CheckResult[]): 'passed' | 'failed' {
  return checks.some(counts) ? 'failed' : 'passed'
}

/** What somebody has waived before does not hold here: only these rules do. */
function weigh({ waived: _before, ...result }: CheckResult, rules: Rules): CheckResult {
  if (result.outcome !== 'failed') return result
  const waived = waiverFor(result, rules)
  return waived ? { ...result, waived } : result
}
