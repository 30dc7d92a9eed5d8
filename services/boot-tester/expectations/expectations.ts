import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { isMissing } from '#files/errors.ts'
import { pathPattern } from '#image/path-pattern.ts'

const reasoned = z.strictObject({
  names: z.array(z.string()).min(1).describe('Patterns: `*` within a path’s name, `**` anything'),
  reason: z.string(),
})

const expectations = z.strictObject({
  rootFileSystems: z.array(z.string()).min(1),
  privileged: z.array(reasoned).describe('Files that run with the rights of another: setuid, setgid, capabilities'),
  worldWritable: z.array(reasoned).describe('What everybody may write to'),
  enabledUnits: z.array(reasoned).describe('What starts by itself'),
  neededUnits: z
    .array(z.string())
    .describe('What must start by itself; `|` between the names that releases have for it'),
  neededPackages: z.array(reasoned),
  unwantedPackages: z.array(reasoned),
  changedFiles: z.array(reasoned).describe('Files of packages that the recipe changes or leaves out'),
  kernelArguments: z.strictObject({
    needed: z.array(z.string()).describe('In this order'),
    allowed: z.array(reasoned),
  }),
  archives: z.array(z.string()).min(1).describe('Hosts from which its packages come'),
  settings: z.strictObject({
    'default target': z.string(),
    'time zone': z.string(),
    language: z.string(),
    journal: z.enum(['kept', 'in memory']),
  }),
})

/** What a distribution's cloud image has, as far as its checks need to know, each exception with its reason. */
export type Expectations = z.infer<typeof expectations>

/** Something by its name, with the reason why it may be so. */
export type Reasoned = z.infer<typeof reasoned>

/** What is written down for the system with this `ID` in os-release; null when nothing is. */
export async function readExpectations(id: string): Promise<Expectations | null> {
  if (!/^[a-z0-9._-]+$/.test(id)) return null
  try {
    return expectations.parse(parse(await readFile(join(import.meta.dirname, `${id}.yaml`), 'utf8')))
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Tells whether a list has a name. */
export function covers(list: readonly Reasoned[]): (name: string) => boolean {
  const patterns = list.flatMap(({ names }) => names.map(pathPattern))
  return (name) => patterns.some((pattern) => pattern.test(name))
}
