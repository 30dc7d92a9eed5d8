import { sections, type Aspects, type Facts, type ImageDescription } from '../description.ts'
import type { Difference } from './comparison.ts'

/** The aspect of a thing that one image has and the other has not. */
export const presence = 'presence'

/** Everything in which two images differ, in the order of the sections, each by name. */
export function differencesOf(a: ImageDescription, b: ImageDescription): Difference[] {
  const parts = Object.keys(a.facts) as (keyof typeof a.facts)[]
  const found = parts.flatMap((part) =>
    compareFacts(a.facts[part], b.facts[part]).map((one): Difference => {
      const isPrivilege = part === 'files' && privilegeAspects.has(one.aspect) && [one.from, one.to].some(isPrivileged)
      const owner = part === 'files' ? (b.packageOf(one.name) ?? a.packageOf(one.name)) : null
      const { name, aspect, a: before, b: after } = one
      return { section: isPrivilege ? 'privileges' : part, name, aspect, a: before, b: after, package: owner }
    }),
  )
  return sections.flatMap((section) => found.filter((one) => one.section === section))
}

interface FactsDifference {
  readonly name: string
  readonly aspect: string
  readonly a: string | null
  readonly b: string | null
  /** All that is known of it. */
  readonly from: Aspects | undefined
  readonly to: Aspects | undefined
}

/** In what two lists of things differ, sorted by name. */
export function compareFacts(a: Facts, b: Facts): FactsDifference[] {
  const names = [...new Set([...a.keys(), ...b.keys()])].toSorted()
  return names.flatMap((name) => {
    const from = a.get(name)
    const to = b.get(name)
    if (from === undefined || to === undefined) {
      return [{ name, aspect: presence, a: from ? inWords(from) : null, b: to ? inWords(to) : null, from, to }]
    }
    const aspects = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((one) => from[one] !== to[one])
    const telling = aspects.filter((one) => !aspects.some((other) => follows[other]?.includes(one)))
    return telling.map((aspect) => ({ name, aspect, a: from[aspect] ?? null, b: to[aspect] ?? null, from, to }))
  })
}

/** What goes without saying when another aspect differs. */
const follows: Readonly<Record<string, readonly string[]>> = {
  type: ['mode', 'size', 'content'],
  size: ['content'],
  holds: ['content'],
}
const privilegeAspects = new Set([presence, 'mode', 'owner', 'capabilities'])

/** Whether who runs a file gets rights by it. */
function isPrivileged(aspects: Aspects | undefined): boolean {
  if (aspects?.['type'] !== 'file') return false
  return aspects['capabilities'] !== undefined || /^[2-7]/.test(aspects['mode'] ?? '')
}

/** These speak for themselves, or only to machines. */
const withoutName = new Set(['version', 'type', 'value'])
const unspoken = new Set(['content', 'boot code'])

function inWords(aspects: Aspects): string {
  return Object.entries(aspects)
    .filter(([aspect, value]) => !unspoken.has(aspect) && value !== '')
    .map(([aspect, value]) => (withoutName.has(aspect) ? value : `${aspect} ${value}`))
    .join(', ')
}
