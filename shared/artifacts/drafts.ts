import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import type { Draft } from './store.ts'

/** Makes drafts in one folder, which several hosts may share; a process marks its own by host and id. */
export interface Drafts {
  readonly make: (name: string) => Promise<Draft>
  /** Removes the drafts of processes of this host that are gone, and those that nobody has touched for days. */
  readonly clear: () => Promise<void>
}

/** Whether a process of another host lives, nobody here can tell; no tool writes nothing for so many milliseconds. */
const longestSilence = 3 * 86_400_000

/** Opens a folder of drafts. */
export async function openDrafts(root: string): Promise<Drafts> {
  await mkdir(root, { recursive: true })
  return {
    async make(name) {
      const folder = join(root, `${hostname()}~${String(process.pid)}~${randomUUID()}`)
      await mkdir(folder)
      return {
        path: join(folder, basename(name)),
        [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
      }
    },
    async clear() {
      for (const name of await readdir(root)) {
        const folder = join(root, name)
        const [host, pid = ''] = name.split('~')
        const abandoned = host === hostname() ? !existsSync(`/proc/${pid}`) : await isOld(folder)
        if (abandoned) await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

async function isOld(folder: string): Promise<boolean> {
  const paths = [folder, ...(await readdir(folder).catch(() => [])).map((name) => join(folder, name))]
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Date.now(),
      ),
    ),
  )
  return Date.now() - Math.max(...times) > longestSilence
}
