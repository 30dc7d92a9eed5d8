import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { writeDurably } from './durable.ts'

/** Records of one kind, all in memory, each in a file of its own that is whole whenever we are killed. */
export interface RecordStore<Kept extends { readonly id: string }> {
  get(id: string): Kept | null
  all(): Kept[]
  /** Seen by others at once, durable when it resolves: answer the client only then. */
  save(record: Kept): Promise<void>
}

/** Opens the records of a folder. */
export async function openRecords<Kept extends { readonly id: string }>(
  folder: string,
  schema: z.ZodType<Kept>,
): Promise<RecordStore<Kept>> {
  await mkdir(folder, { recursive: true })
  const records = new Map<string, Kept>()
  for (const name of await readdir(folder)) {
    if (name.endsWith('.json')) {
      const record = schema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))
      records.set(record.id, record)
    } else {
      await rm(join(folder, name))
    }
  }
  const writes = new Map<string, Promise<void>>()
  return {
    get: (id) => records.get(id) ?? null,
    all: () => [...records.values()],
    async save(record) {
      records.set(record.id, record)
      // One after the other for each record, so that the last one saved is the last one written.
      const write = (writes.get(record.id) ?? Promise.resolve()).then(() =>
        writeDurably(join(folder, `${record.id}.json`), JSON.stringify(record)),
      )
      writes.set(record.id, write)
      await write
      if (writes.get(record.id) === write) writes.delete(record.id)
    },
  }
}
