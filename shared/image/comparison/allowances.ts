import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { sections } from '../description.ts'
import { pathPattern } from '../path-pattern.ts'
import type { Comparison, Difference } from './comparison.ts'
import { presence } from './differences.ts'

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

/**
 * Parts differences into those that are allowed, by the reason, and the others. With a package, its files are allowed; and a
 * directory that one image has only for files that are allowed.
 */
export function allow(
  differences: readonly Difference[],
  allowances: readonly Allowance[],
): Pick<Comparison, 'differences' | 'allowed'> {
  const tests = allowances.map((one) => ({ reason: one.reason, covers: isWithin(one) }))
  const packages = new Map<string, string>()
  const reasonOf = (one: Difference): string | null => {
    const own = tests.find(({ covers }) => covers(one))?.reason ?? null
    if (one.section === 'packages' && own !== null) packages.set(one.name, own)
    return own ?? (one.package === null ? null : (packages.get(one.package) ?? null))
  }
  const own = new Map(differences.map((one) => [one, reasonOf(one)]))
  const reasons = withDirectories(own)
  const allowed = [...new Set(reasons.values())].filter((reason) => reason !== null)
  const by = (reason: string | null) => differences.filter((one) => reasons.get(one) === reason)
  return { differences: by(null), allowed: allowed.map((reason) => ({ reason, differences: by(reason) })) }
}

type Reasons = ReadonlyMap<Difference, string | null>

function withDirectories(reasons: Reasons): Reasons {
  const found = new Map(reasons)
  // The deepest first: what is below a directory is judged before it.
  const missing = [...reasons.keys()].filter((one) => one.section === 'files' && one.aspect === presence)
  const below = new Map<string, string | null>()
  for (const one of missing.toSorted((a, b) => b.name.split('/').length - a.name.split('/').length)) {
    const reason = reasons.get(one) ?? below.get(one.name) ?? null
    found.set(one, reason)
    const folder = posix.dirname(one.name)
    below.set(folder, reason === null || below.get(folder) === null ? null : reason)
  }
  return found
}

/** What an allowance is about, in whichever parts things are told. */
interface Scope {
  readonly section: string
  readonly names?: readonly string[] | undefined
  readonly aspects?: readonly string[] | undefined
}

/** Tells whether a difference is in the scope of an allowance. */
export function isWithin({
  section,
  names,
  aspects,
}: Scope): (one: { readonly section: string; readonly name: string; readonly aspect: string }) => boolean {
  const patterns = names?.map(pathPattern)
  return (one) =>
    one.section === section &&
    (patterns?.some((pattern) => pattern.test(one.name)) ?? true) &&
    (aspects?.includes(one.aspect) ?? true)
}
