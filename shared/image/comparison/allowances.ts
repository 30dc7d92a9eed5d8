import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { sections } from '../description.ts'
import type { Comparison, Difference } from './comparison.ts'

const allowance = z.strictObject({
  section: z.enum(sections),
  names: z.array(z.string()).optional().describe('Patterns: `*` within a path’s name, `**` anything; none for all'),
  aspects: z.array(z.string()).optional().describe('None for all'),
  reason: z.string(),
})

const lists = z.strictObject({
  builds: z.array(allowance).describe('Between any two builds'),
  engines: z.array(allowance).describe('Between images that two engines made of one recipe'),
})

/** Differences that are as they should be, each with the reason. */
export type Allowances = z.infer<typeof lists>
export type Allowance = z.infer<typeof allowance>

/** The list that comes with us: allowed.yaml. */
export async function readAllowances(): Promise<Allowances> {
  return lists.parse(parse(await readFile(join(import.meta.dirname, 'allowed.yaml'), 'utf8')))
}

/** Parts differences into those that are allowed, by the reason, and the others. */
export function allow(
  differences: readonly Difference[],
  allowances: readonly Allowance[],
): Pick<Comparison, 'differences' | 'allowed'> {
  const tests = allowances.map((one) => ({ reason: one.reason, covers: coverage(one) }))
  const reasons = differences.map((one) => tests.find(({ covers }) => covers(one))?.reason ?? null)
  const allowed = [...new Set(reasons)].filter((reason) => reason !== null)
  const by = (reason: string | null) => differences.filter((_, index) => reasons[index] === reason)
  return { differences: by(null), allowed: allowed.map((reason) => ({ reason, differences: by(reason) })) }
}

function coverage({ section, names, aspects }: Allowance): (difference: Difference) => boolean {
  const patterns = names?.map(patternOf)
  return (one) =>
    one.section === section &&
    (patterns?.some((pattern) => pattern.test(one.name)) ?? true) &&
    (aspects?.includes(one.aspect) ?? true)
}

function patternOf(glob: string): RegExp {
  const parts = glob.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*'
    return part === '*' ? '[^/]*' : RegExp.escape(part)
  })
  return new RegExp(`^${parts.join('')}$`, 's')
}
