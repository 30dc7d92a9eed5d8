import type { CheckResult, Verdict } from '#events/vocabulary.ts'
import type { DiskCheck } from '../../services/boot-tester/checks/check.ts'
import { safeText } from './safe-text.ts'

/** What was found on a disk before it booted. */
export interface DiskVerdict {
  readonly image: string
  readonly verdict: Verdict
  readonly checks: readonly (Pick<CheckResult, 'name' | 'outcome' | 'detail'> &
    Pick<DiskCheck, 'severity' | 'description' | 'rule'>)[]
}

/** The checks for people: one line each, and of those that failed what should be and why. */
export function renderDiskChecks({ image, verdict, checks }: DiskVerdict): string[] {
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
  return [safeText(image), '', ...lines, '', `${verdict}: ${counts.join(', ')}`]
}
