import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Context } from '#service/define.ts'

type HandlerContext = Context & { readonly state: unknown }

/** The folder of a context that was given none: a path below what is no folder, so that nobody can make it. */
export const noFolder = '/dev/null/no-folder'

export interface TestContextOptions extends Partial<HandlerContext> {
  /** Where the job's folders are made; a handler that uses them without it fails. */
  readonly folder?: string
}

/** What the runtime gives a handler, for a test that calls one itself. */
export function testContext({ folder, ...given }: TestContextOptions = {}): HandlerContext {
  const folderOf = (name: string) => {
    if (folder === undefined) return noFolder
    const path = join(folder, name)
    mkdirSync(path, { recursive: true })
    return path
  }
  return {
    signal: new AbortController().signal,
    progress: () => {},
    log: pino({ level: 'silent' }),
    now: () => new Date(),
    attempt: 1,
    workFolder: folderOf('work'),
    logFolder: folderOf('logs'),
    state: null,
    ...given,
  }
}
