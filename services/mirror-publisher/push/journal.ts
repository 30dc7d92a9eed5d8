import { join } from 'node:path'
import { z } from 'zod'
import { readIfThere, writeDurably } from '#files/durable.ts'
import { stagingName } from '../mirror.ts'

const shape = z.strictObject({
  /** Folder, relative to the root, and what was put there last; one that is not in it may hold anything. */
  holds: z.record(z.string(), z.string()),
  /** When the master was last found to hold all that ours held; null for never. */
  currentAt: z.string().nullable(),
  /** Why it does not; null when it does. */
  failure: z.strictObject({ since: z.string(), reason: z.string() }).nullable(),
})

/** What is known of a master. Without it everything is pushed again, and rsync finds that it is there. */
export type Journal = z.infer<typeof shape>

/** Where what is known of masters is kept. */
export const mastersFolder = (root: string) => join(root, stagingName, '.masters')

const pathOf = (root: string, master: string) => join(mastersFolder(root), `${master}.json`)

export async function readJournal(root: string, master: string): Promise<Journal> {
  const bytes = await readIfThere(pathOf(root, master))
  if (bytes === null) return { holds: {}, currentAt: null, failure: null }
  return shape.parse(JSON.parse(bytes.toString('utf8')))
}

export async function writeJournal(root: string, master: string, journal: Journal): Promise<void> {
  await writeDurably(pathOf(root, master), `${JSON.stringify(journal, null, 1)}\n`)
}
