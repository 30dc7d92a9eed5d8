import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Job } from '#ledger/ledger.ts'
import type { Runtime } from './runtime.ts'
import type { Context, Waited } from './define.ts'

interface Parts {
  readonly signal: AbortSignal
  readonly log: Logger
  readonly folders: Folders
}

/** What a handler is given for one try at a job. */
export function contextOf(
  runtime: Runtime,
  job: Job,
  { signal, log, folders }: Parts,
): Context & { readonly waited?: Waited } {
  const { service, drop, image } = job
  return {
    signal,
    log,
    now: runtime.now,
    attempt: job.attempts,
    progress: (progress) => {
      runtime.bus.signal({ service, drop, image, state: 'running', ...progress })
    },
    get workFolder() {
      return folders.work()
    },
    get logFolder() {
      return folders.logs()
    },
    ...(job.waited ? { waited: job.waited } : {}),
  }
}

/** The folders of a job. */
export interface Folders {
  work(): string
  logs(): string
  /** Removes the work folder. */
  clear(): void
}

/** Most jobs need no folder, so each is made when it is first asked for. */
export function foldersOf(stateFolder: string, job: Job): Folders {
  const work = join(stateFolder, 'work', job.service, String(job.id))
  const logs = join(stateFolder, 'logs', job.drop ?? 'none', job.image ?? 'drop', job.service)
  return {
    work() {
      mkdirSync(work, { recursive: true })
      return work
    },
    logs() {
      mkdirSync(logs, { recursive: true })
      return logs
    },
    clear() {
      if (existsSync(work)) rmSync(work, { recursive: true, force: true })
    },
  }
}
