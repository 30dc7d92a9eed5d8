import type { CheckResult, Verdict } from '#events/vocabulary.ts'
import type { DiskCheck } from '../../services/boot-tester/checks/check.ts'
import { describeDeviation } from '../../services/boot-tester/reference/check.ts'
import type { ReferenceComparison } from '../../services/boot-tester/reference/compare.ts'
import type { Reference } from '../../services/boot-tester/reference/reference.ts'
import { safeText } from './safe-text.ts'

/** What was found on a disk before it booted. */
export interface DiskVerdict {
  readonly image: string
  readonly verdict: Verdict
  readonly checks: readonly (Pick<CheckResult, 'name' | 'outcome' | 'detail'> &
    Pick<DiskCheck, 'severity' | 'description' | 'rule'>)[]
  /** Where it was compared with an installed system. */
  readonly reference?: ReferenceVerdict
}

/** What came of comparing an image with a reference; null when it could not be compared, and the check says why. */
export interface ReferenceVerdict extends Pick<Reference, 'system' | 'title' | 'made' | 'knows'> {
  readonly compared: ReferenceComparison | null
}

/** The checks for people: one line each, and of those that failed what should be and why. */
export function renderDiskChecks({ image, verdict, checks, reference }: DiskVerdict): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.flatMap(({ name, outcome, severity, detail, description, rule }) => {
    const word = outcome === 'failed' && severity === 'warning' ? 'warning' : outcome
    const line = `${word.padEnd('skipped'.length)}  ${name.padEnd(width)}  ${safeText(detail)}`
    const indent = ' '.repeat('skipped'.length + width + 4)
    return outcome === 'failed' ? [line, `${indent}should be: ${description}`, `${indent}rule: ${rule}`] : [line]
  })
  const counts = ['passed', 'failed', 'skipped'].map((one) => {
    return `${String(checks.filter(({ outcome }) => outcome === one).length)} ${one}`
  })
  const compared = reference === undefined ? [] : ['', ...renderReference(reference)]
  return [safeText(image), '', ...lines, ...compared, '', `${verdict}: ${counts.join(', ')}`]
}

/** Every difference that nothing explains, how many each reason explains, and what was not compared. */
function renderReference({ title, made, knows, compared }: ReferenceVerdict): string[] {
  const from = `compared with ${safeText(title)}, by ${safeText(made.by)}, ${made.on}`
  if (compared === null) return [`not ${from}`]
  const deviations = compared.deviations.map((one) => {
    return `  ${one.severity === 'error' ? 'differs' : 'warning'}  ${safeText(describeDeviation(one))}`
  })
  const counts = compared.allowed.map((one) => String(one.deviations.length))
  const width = Math.max(0, ...counts.map(({ length }) => length))
  const reasons = compared.allowed.map(({ reason }, index) => `  ${(counts[index] ?? '').padStart(width)}  ${reason}`)
  const { unknown } = compared
  return [
    from,
    ...(knows === 'some' ? ['only in what is known of it: whatever else there is, is not compared'] : []),
    ...(unknown.length === 0 ? [] : [`nothing is known of its ${unknown.join(', ')}`]),
    ...deviations,
    ...(reasons.length === 0 ? [] : ['allowed:', ...reasons]),
  ]
}
