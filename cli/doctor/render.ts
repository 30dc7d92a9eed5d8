import type { Weight } from '#service/host-check.ts'
import type { CheckReport, DoctorReport } from './check.ts'

const marks: Record<Weight, string> = { needed: '✗', better: '!', extra: '-' }

/** Writes the report for people: a line for each check, and below what is missing its cost and its cure. */
export function renderDoctor({ ok, checks }: DoctorReport): string {
  const width = Math.max(...checks.map((check) => check.name.length))
  const lines = checks.flatMap((check) => renderCheck(check, width))
  return [...lines, '', verdict(ok, checks), ''].join('\n')
}

function renderCheck({ name, weight, ok, seen, cost, fix }: CheckReport, width: number): string[] {
  const indent = ' '.repeat(width + 4)
  const line = `${ok ? '✓' : marks[weight]} ${name.padEnd(width)}  ${seen}`
  return ok ? [line] : [line, `${indent}${cost ?? ''}`, `${indent}→ ${fix ?? ''}`]
}

function verdict(ok: boolean, checks: readonly CheckReport[]): string {
  const missing = checks.filter((check) => !check.ok && check.weight === 'needed').map((check) => check.name)
  if (!ok) return `imagedrop drop cannot run here: ${missing.join(', ')}`
  const worse = checks.filter((check) => !check.ok && check.weight === 'better').map((check) => check.name)
  return worse.length === 0
    ? 'imagedrop drop can run here'
    : `imagedrop drop can run here, with less: ${worse.join(', ')}`
}
