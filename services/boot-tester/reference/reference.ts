import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isMissing } from '#files/errors.ts'
import type { Facts } from '#image/description.ts'
import { sections, type SystemFacts } from './facts.ts'

const factsOfSection = z.record(z.string(), z.record(z.string(), z.string()))

const document = z.strictObject({
  system: z.string().describe('ID and VERSION_ID of its os-release: `debian-12`; images of others are not compared'),
  title: z.string().describe('As it calls itself, with its whole version'),
  made: z.strictObject({
    on: z.iso.date(),
    by: z.string().describe('What installed it'),
    how: z.string().describe('What it was told'),
    again: z.string().describe('The command that does it again'),
  }),
  knows: z
    .enum(['all', 'some'])
    .default('all')
    .describe('`some`: of a part it has only what is named, and of that only what is said; the rest is not compared'),
  facts: z.partialRecord(z.enum(sections), factsOfSection).describe('Parts of which nothing is known are left out'),
})

/** An installed system to which images are held, with where it is from. */
export interface Reference extends Omit<z.infer<typeof document>, 'facts'> {
  readonly facts: Partial<SystemFacts>
}

const folder = join(import.meta.dirname, 'systems')

/** A reference by the name of its system, or from a file. Null when there is none of that name. */
export async function readReference(nameOrFile: string): Promise<Reference | null> {
  const isName = /^[\w.-]+$/.test(nameOrFile) && !nameOrFile.endsWith('.json')
  try {
    return parseReference(await readFile(isName ? join(folder, `${nameOrFile}.json`) : nameOrFile, 'utf8'))
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Reads the JSON of a reference. Throws when it is none. */
export function parseReference(text: string): Reference {
  const { facts, ...rest } = document.parse(JSON.parse(text))
  const known = sections.flatMap((section) => {
    const things = facts[section]
    return things === undefined ? [] : [[section, new Map(Object.entries(things))] as const]
  })
  return { ...rest, facts: Object.fromEntries(known) }
}

/** The JSON of a reference, a line for each thing, sorted, so that two of them can be told apart by their lines. */
export function writeReference({ facts, knows, ...rest }: Reference): string {
  const sorted = (section: Facts) => Object.fromEntries([...section].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const parts = Object.fromEntries(
    sections.flatMap((section) => (facts[section] ? [[section, sorted(facts[section])]] : [])),
  )
  const text = JSON.stringify({ ...rest, ...(knows === 'some' && { knows }), facts: parts }, null, 2)
  return `${text.replaceAll(innermost, onOneLine)}\n`
}

const innermost = /^( *"(?:[^"\\]|\\.)*": )\{\n([^{}]*)\n *\}(,?)$/gm
const longestLine = 120

function onOneLine(whole: string, name: string, inner: string, comma: string): string {
  const line = `${name}{ ${inner.trim().replaceAll(/\n */g, ' ')} }${comma}`
  return line.length <= longestLine ? line : whole
}
