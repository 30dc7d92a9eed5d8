import type { Comparison, Difference } from '#image/comparison/comparison.ts'
import { presence } from '#image/comparison/differences.ts'
import { sections } from '#image/description.ts'
import { safeText } from './safe-text.ts'

export interface ComparisonView {
  /** How many lines a section may have; the rest is counted. */
  readonly lines: number
}

/** A comparison for people: what matters most first, each thing once. */
export function renderComparison(
  { a, b, equal, differences, allowed }: Comparison,
  { lines }: ComparisonView,
): string[] {
  const shown = sections.flatMap((section) => {
    const found = linesOf(
      differences.filter((one) => one.section === section),
      differences,
    )
    if (found.length === 0) return []
    const rest = found.length - lines
    const more = rest > 0 ? [`  … and ${String(rest)} more; --all shows them`] : []
    return [`${section}:`, ...found.slice(0, lines).map((line) => `  ${line}`), ...more, '']
  })
  const count = differences.length === 1 ? '1 difference' : `${String(differences.length)} differences`
  return [
    `A  ${safeText(a.name)} (${a.format}): ${safeText(a.system)}`,
    `B  ${safeText(b.name)} (${b.format}): ${safeText(b.system)}`,
    '',
    ...shown,
    ...renderAllowed(allowed),
    equal ? 'the images are equal' : `the images differ: ${count}`,
  ]
}

function renderAllowed(allowed: Comparison['allowed']): string[] {
  if (allowed.length === 0) return []
  const counts = allowed.map(({ differences }) => String(differences.length))
  const width = Math.max(...counts.map((count) => count.length))
  const rows = allowed.map(({ reason }, index) => `  ${(counts[index] ?? '').padStart(width)}  ${reason}`)
  return ['allowed:', ...rows, '']
}

/** One line for each thing; what follows from another line is not told again. */
function linesOf(found: readonly Difference[], all: readonly Difference[]): string[] {
  const packages = new Set(all.filter(({ section }) => section === 'packages').map(({ name }) => name))
  const alone = new Set(found.filter(({ aspect }) => aspect === presence).map(({ name }) => name))
  const isTold = ({ section, name, aspect, package: owner }: Difference) =>
    section === 'files' && ((owner !== null && packages.has(owner)) || (aspect === presence && isBelow(name, alone)))
  const byName = Map.groupBy(
    found.filter((one) => !isTold(one)),
    ({ name }) => name,
  )
  return [...byName].map(([name, ones]) => lineOf(name, ones) + folded(name, ones, found))
}

function isBelow(path: string, others: ReadonlySet<string>): boolean {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (others.has(path.slice(0, at))) return true
  }
  return false
}

function lineOf(name: string, ones: readonly Difference[]): string {
  const [first] = ones
  if (first?.aspect === presence)
    return `${first.a === null ? '+' : '-'} ${safeText(name)}: ${safeText(first.a ?? first.b ?? '')}`
  return `~ ${safeText(name)}: ${ones.map(change).join('; ')}`
}

function change({ aspect, a, b }: Difference): string {
  if (aspect === 'content' || aspect === 'boot code') return aspect
  const word = aspect === 'value' || aspect === 'version' ? '' : `${safeText(aspect)} `
  return `${word}${side(a)} → ${side(b)}`
}

function side(value: string | null): string {
  if (value === null) return 'none'
  return value === '' ? '""' : safeText(value)
}

/** How much lies below a directory that only one image has. */
function folded(name: string, ones: readonly Difference[], found: readonly Difference[]): string {
  if (ones[0]?.aspect !== presence || ones[0].section !== 'files') return ''
  const below = found.filter((one) => one.aspect === presence && one.name.startsWith(`${name}/`)).length
  return below === 0 ? '' : `, with ${String(below)} below it`
}
