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
    const things = thingsIn(section, differences)
    if (things.length === 0) return []
    const rest = things.length - lines
    const more = rest > 0 ? [`  … and ${String(rest)} more; --all shows them`] : []
    return [`${section}:`, ...things.slice(0, lines).map((thing) => `  ${lineOf(thing, differences)}`), ...more, '']
  })
  return [
    `A  ${safeText(a.name)} (${a.format}): ${safeText(a.system)}`,
    `B  ${safeText(b.name)} (${b.format}): ${safeText(b.system)}`,
    '',
    ...shown,
    ...renderAllowed(allowed),
    equal ? 'the images are equal' : `the images differ: ${counted(differences.length, 'difference')}`,
  ]
}

function renderAllowed(allowed: Comparison['allowed']): string[] {
  if (allowed.length === 0) return []
  const counts = allowed.map(({ differences }) => String(differences.length))
  const width = Math.max(...counts.map((count) => count.length))
  const rows = allowed.map(({ reason }, index) => `  ${(counts[index] ?? '').padStart(width)}  ${reason}`)
  return ['allowed:', ...rows, '']
}

/** What there is to tell of one thing: its presence, or each aspect in which it differs. */
interface Thing {
  readonly name: string
  readonly section: Difference['section']
  readonly alone: Difference | undefined
  readonly changes: readonly Difference[]
}

/** The things that are told; what follows from another is not told again: the files of a package, what is in a directory. */
function thingsIn(section: Difference['section'], all: readonly Difference[]): Thing[] {
  const found = all.filter((one) => one.section === section)
  const packages = new Set(all.filter(({ section }) => section === 'packages').map(({ name }) => name))
  const alone = new Set(found.filter(({ aspect }) => aspect === presence).map(({ name }) => name))
  const isTold = ({ name, aspect, package: owner }: Difference) =>
    section === 'files' && ((owner !== null && packages.has(owner)) || (aspect === presence && isBelow(name, alone)))
  const told = found.filter((one) => !isTold(one))
  const things = [...Map.groupBy(told, ({ name }) => name)].map(([name, changes]) => ({
    name,
    section,
    alone: changes.find(({ aspect }) => aspect === presence),
    changes,
  }))
  // What both have and is not alike comes before what only one has, of which there may be much.
  return [...things.filter(({ alone }) => alone === undefined), ...things.filter(({ alone }) => alone !== undefined)]
}

function isBelow(path: string, others: ReadonlySet<string>): boolean {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (others.has(path.slice(0, at))) return true
  }
  return false
}

function lineOf(thing: Thing, all: readonly Difference[]): string {
  const { name, alone, changes } = thing
  const end = follows(thing, all)
  if (alone === undefined) return `~ ${safeText(name)}: ${changes.map(change).join('; ')}${end}`
  const text = alone.a ?? alone.b ?? ''
  return `${alone.a === null ? '+' : '-'} ${safeText(name)}${text === '' ? '' : `: ${safeText(text)}`}${end}`
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

/** How much is not told because of this thing. */
function follows({ section, name, alone }: Thing, all: readonly Difference[]): string {
  const files = all.filter((one) => one.section === 'files')
  if (section === 'packages') {
    const count = new Set(files.filter((one) => one.package === name).map((file) => file.name)).size
    return count === 0 ? '' : ` (${counted(count, 'file')})`
  }
  const mayHoldMore = section === 'files' && alone !== undefined
  const below = mayHoldMore ? files.filter((one) => one.name.startsWith(`${name}/`)).length : 0
  return below === 0 ? '' : `, with ${String(below)} below it`
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}
