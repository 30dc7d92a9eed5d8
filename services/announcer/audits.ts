import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cloudAudited, type CloudAudited, type StandingFinding } from '#events/cloud-audited.ts'
import { parseBody } from '#events/parse.ts'
import type { Registration } from '#events/vocabulary.ts'
import { readIfThere, writeDurably } from '#files/durable.ts'

/** What the last audits found, at one moment. */
export interface AuditListing {
  /** What is wrong with an image that people were told of; null when nothing is known to be. */
  readonly findingOn: (registration: Pick<Registration, 'target' | 'place' | 'id'>) => StandingFinding | null
  /** The same as long as nothing of it changes. */
  readonly stamp: string
}

/** What the last audit of each target found: a file each in a folder, which other processes may share. */
export interface Audits {
  /** Keeps what an audit found, unless a later one of its target is there. */
  keep(audit: CloudAudited): Promise<void>
  all(): Promise<AuditListing>
}

/** Before the first audit, and where nobody audits. */
export const nothingFound: AuditListing = { findingOn: () => null, stamp: '' }

/** Keeps what audits found in a folder. */
export function createAudits(folder: string): Audits {
  return {
    async keep(audit) {
      const path = join(folder, `${encodeURIComponent(audit.target)}.json`)
      const before = await read(path)
      if (before !== null && before.at > audit.at) return
      await writeDurably(path, `${JSON.stringify(audit, null, 2)}\n`)
    },
    async all() {
      await mkdir(folder, { recursive: true })
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.')).toSorted()
      const audits = (await Promise.all(names.map((name) => read(join(folder, name))))).filter((one) => one !== null)
      const found = new Map(
        audits.flatMap(({ target, findings }) => findings.map((one) => [keyOf({ ...one, target }), one] as const)),
      )
      return {
        findingOn: (registration) => found.get(keyOf(registration)) ?? null,
        stamp: audits.map(({ target, at }) => `${target} ${at}`).join(', '),
      }
    },
  }
}

function keyOf({ target, place, id }: Pick<Registration, 'target' | 'place'> & { readonly id: string | null }): string {
  return JSON.stringify([target, place, id])
}

async function read(path: string): Promise<CloudAudited | null> {
  const bytes = await readIfThere(path)
  if (bytes === null) return null
  try {
    return parseBody(cloudAudited.subject, JSON.parse(bytes.toString('utf8'))) as CloudAudited
  } catch (error) {
    throw new Error(`${path} is nothing that an audit found`, { cause: error })
  }
}
