import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { isMissing } from '#files/errors.ts'
import { sections } from './facts.ts'

const allowances = z.strictObject({
  warns: z.array(z.enum(sections)).describe('Parts whose differences are told, and fail no image'),
  allowed: z.array(
    z.strictObject({
      section: z.enum(sections),
      names: z.array(z.string()).optional().describe('Patterns: `*` within a path’s name, `**` anything; none for all'),
      aspects: z.array(z.string()).optional().describe('`missing`, `added`, or what differs; none for all'),
      reason: z.string(),
    }),
  ),
})

/** In what an image may differ from a reference, each with the reason, and what only warns. */
export type Allowances = z.infer<typeof allowances>

/** The list for images of a system, as `debian-12`; nothing is allowed where there is none. */
export async function readAllowances(system: string): Promise<Allowances> {
  try {
    return allowances.parse(parse(await readFile(join(import.meta.dirname, 'systems', `${system}.yaml`), 'utf8')))
  } catch (error) {
    if (isMissing(error)) return { warns: [], allowed: [] }
    throw error
  }
}
