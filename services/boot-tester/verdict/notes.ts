import type { BootRecord, CheckResult } from '#events/vocabulary.ts'
import { isAbout } from '../plan/subject.ts'
import { isAboutResult, type KnownFailure } from './known-failures.ts'
import type { Tried } from './found.ts'
import type { Rules } from './waive.ts'

interface Weighed {
  readonly checks: readonly CheckResult[]
  readonly tried: readonly Tried[]
  /** Of each try. */
  readonly outcomes: readonly BootRecord['outcome'][]
}

/** What people should do something about though it decided nothing. */
export function notesOn({ checks, tried, outcomes }: Weighed, { known, subject, today }: Rules): string[] {
  const about = known.filter((one) => isAbout(one, subject))
  return [
    ...flaky(tried, outcomes),
    ...about.flatMap((one) =>
      onKnown(
        one,
        checks.filter((check) => isAboutResult(one, check, subject)),
        today,
      ),
    ),
  ]
}

/** A boot whose tries ended differently. */
function flaky(tried: readonly Tried[], outcomes: readonly BootRecord['outcome'][]): string[] {
  const boots = Map.groupBy(
    tried.map(({ boot }, index) => ({ boot, outcome: outcomes[index] ?? 'errored' })),
    ({ boot }) => boot,
  )
  return [...boots]
    .filter(([, tries]) => new Set(tries.map(({ outcome }) => outcome)).size > 1)
    .map(([boot, tries]) => `the boot ${boot} is flaky: it ${tries.map(({ outcome }) => outcome).join(', then ')}`)
}

function onKnown(one: KnownFailure, results: readonly CheckResult[], today: string): string[] {
  const name = `the known failure of ${one.check} (${one.link})`
  const failed = results.some(({ outcome }) => outcome === 'failed')
  if (failed) return today > one.expires ? [`${name} expired on ${one.expires} and counts again`] : []
  return results.some(({ outcome }) => outcome === 'passed') ? [`${name} did not show: the check passed`] : []
}
