import { isWithin } from '#image/comparison/allowances.ts'
import { compareFacts, presence } from '#image/comparison/differences.ts'
import type { Allowances } from './allowances.ts'
import { sections, type Section } from './facts.ts'
import type { Reference } from './reference.ts'

/** One thing in which an image is not as the reference. */
export interface Deviation {
  readonly section: Section
  readonly name: string
  /** In what; `missing` when only the reference has it, `added` when only the image has. */
  readonly aspect: string
  /** How the reference has it; null when it has not. */
  readonly reference: string | null
  readonly image: string | null
  /** Whether it fails the image, or is only told. */
  readonly severity: 'error' | 'warning'
}

/** What comes of comparing an image with a reference. */
export interface ReferenceComparison {
  /** Those that nothing explains. */
  readonly deviations: readonly Deviation[]
  /** Those that are as they should be, by the reason. */
  readonly allowed: readonly { readonly reason: string; readonly deviations: readonly Deviation[] }[]
  /** Reasons for which there was no difference. */
  readonly unused: readonly string[]
  /** Parts of which nothing is known of the reference. */
  readonly unknown: readonly Section[]
}

/** Compares an image with a reference in what is known of it, and parts the differences by what is allowed. */
export function compareWithReference(
  reference: Pick<Reference, 'facts' | 'knows'>,
  image: Reference['facts'],
  { allowed, warns }: Allowances,
): ReferenceComparison {
  const all = sections.flatMap((section) => {
    const [before, after] = [reference.facts[section], image[section]]
    if (before === undefined || after === undefined) return []
    const severity = warns.includes(section) ? 'warning' : 'error'
    const differences = compareFacts(before, after).filter(({ a }) => reference.knows === 'all' || a !== null)
    return differences.map(({ name, aspect, a, b }): Deviation => {
      return { section, name, aspect: wordFor(aspect, a), reference: a, image: b, severity }
    })
  })
  const tests = allowed.map((one) => ({ reason: one.reason, covers: isWithin(one) }))
  const reasonOf = new Map(all.map((one) => [one, tests.find(({ covers }) => covers(one))?.reason ?? null]))
  const by = (reason: string | null) => all.filter((one) => reasonOf.get(one) === reason)
  const groups = allowed.map(({ reason }) => ({ reason, deviations: by(reason) }))
  return {
    deviations: by(null),
    allowed: groups.filter(({ deviations }) => deviations.length > 0),
    unused: groups.filter(({ deviations }) => deviations.length === 0).map(({ reason }) => reason),
    unknown: sections.filter((section) => reference.facts[section] === undefined),
  }
}

function wordFor(aspect: string, reference: string | null): string {
  if (aspect !== presence) return aspect
  return reference === null ? 'added' : 'missing'
}
