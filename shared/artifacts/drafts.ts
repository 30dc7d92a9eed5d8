import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Draft } from './store.ts'

/** Makes drafts in one folder; a process marks its own by its id. */
export interface Drafts {
  readonly make: (name: string) => Promise<Draft>
  /** Removes the drafts of processes that are gone. */
  readonly clear: () => Promise<void>
}

/** Opens a folder of drafts. */
export async function openDrafts(root: string): Promise<Drafts> {
  await mkdir(root, { recursive: true })
  return {
    async make(name) {
      const folder = join(root, `${String(process.pid)}-${randomUUID()}`)
      await mkdir(folder)
      return {
        path: join(folder, basename(name)),
        [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
      }
    },
    async clear() {
      for (const name of await readdir(root)) {
        const pid = Number.parseInt(name, 10)
        if (!existsSync(`/proc/${String(pid)}`)) await rm(join(root, name), { recursive: true, force: true })
      }
    },
  }
}
