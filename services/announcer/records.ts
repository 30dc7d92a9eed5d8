import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { dropPublished, type DropPublished } from '#events/drop-published.ts'
import { describeIssues, parseBody } from '#events/parse.ts'
import { dropId } from '#events/vocabulary.ts'
import { readIfThere, writeDurably } from './durable-file.ts'

/** What the announcer remembers of one drop; feed and page are made of these records alone. */
export interface DropRecord {
  readonly drop: string
  /** Null when the drop was withdrawn before we heard of its publication. */
  readonly published: { readonly at: string; readonly body: DropPublished } | null
  readonly withdrawn: { readonly why: 'superseded' | 'expired'; readonly by: string; readonly at: string } | null
}

/** The records of all drops, a file each. */
export interface Records {
  all(): Promise<DropRecord[]>
  /** Notes the publication; the time stays that of the first. */
  publish(body: DropPublished, at: string): Promise<DropRecord>
  withdraw(drop: string, withdrawn: NonNullable<DropRecord['withdrawn']>): Promise<DropRecord>
}

/** Keeps records in a folder. */
export function createRecords(folder: string): Records {
  const pathOf = (drop: string) => join(folder, `${drop}.json`)

  async function update(drop: string, change: (record: DropRecord) => DropRecord): Promise<DropRecord> {
    const bytes = await readIfThere(pathOf(drop))
    const before = bytes === null ? { drop, published: null, withdrawn: null } : parseRecord(bytes, pathOf(drop))
    const after = change(before)
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      await writeDurably(pathOf(drop), `${JSON.stringify(after, null, 2)}\n`)
    }
    return after
  }

  return {
    async all() {
      await mkdir(folder, { recursive: true })
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
      const records = names.map(async (name) => {
        const bytes = await readIfThere(join(folder, name))
        return bytes === null ? [] : [parseRecord(bytes, join(folder, name))]
      })
      return (await Promise.all(records)).flat()
    },
    publish: (body, at) =>
      update(body.drop, (record) => ({ ...record, published: { at: record.published?.at ?? at, body } })),
    withdraw: (drop, withdrawn) =>
      update(drop, (record) => {
        if (record.withdrawn?.why === withdrawn.why || record.withdrawn?.why === 'expired') return record
        // Nobody reads of an expired drop again, and there is a new drop every night.
        return { drop, published: withdrawn.why === 'expired' ? null : record.published, withdrawn }
      }),
  }
}

const recordShape = z.object({
  drop: dropId,
  published: z.object({ at: z.iso.datetime(), body: z.unknown() }).nullable(),
  withdrawn: z.object({ why: z.enum(['superseded', 'expired']), by: z.string(), at: z.iso.datetime() }).nullable(),
})

function parseRecord(bytes: Buffer, path: string): DropRecord {
  const text = bytes.toString('utf8')
  try {
    const value: unknown = JSON.parse(text)
    const parsed = recordShape.safeParse(value)
    if (!parsed.success) throw new Error(describeIssues(parsed.error, value))
    const { drop, published, withdrawn } = parsed.data
    const body = published && (parseBody(dropPublished.subject, published.body) as DropPublished)
    return { drop, published: published && body && { at: published.at, body }, withdrawn }
  } catch (error) {
    throw new Error(`${path} is not the record of a drop: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
