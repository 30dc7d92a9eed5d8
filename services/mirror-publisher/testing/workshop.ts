import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { createFolderStore } from '#artifacts/folder.ts'
import type { Context } from '#service/define.ts'
import type { Mirror } from '../mirror.ts'

/** A mirror, an artifact store and a job's context in folders of their own; all gone when disposed of. */
export async function openWorkshop({ root }: { root?: string } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'imagedrop-mirror-'))
  const store = await createFolderStore(join(home, 'artifacts'))
  const mirror: Mirror = { root: root ?? join(home, 'mirror'), artifacts: store, signing: null }
  const context = await contextIn(home)
  return {
    home,
    store,
    mirror,
    context,
    at: (path: string) => join(mirror.root, path),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}

export type Workshop = Awaited<ReturnType<typeof openWorkshop>>

/** The context of a job whose folders are below this one. */
export async function contextIn(home: string): Promise<Context & { state: unknown }> {
  const workFolder = join(home, 'work')
  const logFolder = join(home, 'logs')
  await mkdir(workFolder, { recursive: true })
  await mkdir(logFolder, { recursive: true })
  return {
    signal: new AbortController().signal,
    progress: () => {},
    log: pino({ level: 'silent' }),
    now: () => new Date('2013-05-21T12:00:00Z'),
    attempt: 1,
    workFolder,
    logFolder,
    state: undefined,
  }
}
