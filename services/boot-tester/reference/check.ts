import { passedIfNone, type DiskCheck } from '../checks/check.ts'
import type { Allowances } from './allowances.ts'
import { compareWithReference, type Deviation, type ReferenceComparison } from './compare.ts'
import { readSystemFacts, readSystemName } from './facts.ts'
import type { Reference } from './reference.ts'

interface ReferenceCheckOptions {
  readonly reference: Reference
  readonly allowances: Allowances
  /** Is told the whole comparison, of which a check has room for a few words. */
  readonly onCompared: (comparison: ReferenceComparison) => void
}

/** A check of a disk that holds it to a reference: every difference is allowed, or only warns. */
export function createReferenceCheck({ reference, allowances, onCompared }: ReferenceCheckOptions): DiskCheck {
  return {
    name: 'reference',
    description: `the system is as one that is recorded (${reference.title}), but for what is allowed with a reason`,
    severity: 'error',
    rule: 'Fedora, First-class cloud images, "How to test" (as Anaconda installs); Debian, installation guide',
    since: '2026-11-26',
    on: 'disk',
    reads: 'files',
    judge: async (system) => {
      const name = await readSystemName(system)
      if (name !== reference.system) {
        return { outcome: 'failed', detail: `it is ${name}, and the reference is of ${reference.system}` }
      }
      const comparison = compareWithReference(reference, await readSystemFacts(system), allowances)
      onCompared(comparison)
      const { deviations, allowed } = comparison
      const failing = deviations.filter(({ severity }) => severity === 'error')
      const explained = allowed.reduce((sum, one) => sum + one.deviations.length, 0)
      const warnings = deviations.length - failing.length
      return passedIfNone(
        failing.map(describeDeviation),
        `differences with a reason: ${String(explained)}${warnings === 0 ? '' : `, without that only warn: ${String(warnings)}`}`,
      )
    },
  }
}

/** One difference in a line. */
export function describeDeviation({ section, name, aspect, reference, image }: Deviation): string {
  const what = `${section}: ${name}`
  const words = (text: string | null) => (text === null || text === '' ? '' : ` (${text})`)
  if (aspect === 'missing') return `${what} is missing${words(reference)}`
  if (aspect === 'added') return `${what} is added${words(image)}`
  return `${what}: ${aspect} is ${image ?? 'not set'}, recorded ${reference ?? 'not set'}`
}
