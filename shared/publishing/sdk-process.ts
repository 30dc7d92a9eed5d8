import { join } from 'node:path'
import type { Progress } from '#bus/bus.ts'
import { openCodeCache } from './code-cache.ts'
import { callInOwnProcess } from './own-process.ts'

interface Job {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly logFolder: string
}

interface SdkProcessSettings {
  readonly patienceSeconds: number
  /** Where its compiled code is kept from one process to the next; an SDK takes longer to compile than to run. */
  readonly codeCache?: string | null
}

/**
 * Makes a function that asks a program of ours for one operation, in a process of its own: an SDK takes memory that it never
 * gives back (decision 0009). The process gets the variables that the SDK looks for its credentials in, and no other of ours.
 */
export function createSdkProcess(
  program: string,
  { patienceSeconds, codeCache = null }: SdkProcessSettings,
  env: Readonly<Record<string, string | undefined>>,
): (request: { readonly operation: string }, job: Job) => Promise<unknown> {
  const own = Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[0].startsWith('AWS_') && entry[1] !== undefined,
    ),
  )
  return async (request, { signal, progress, logFolder }) => {
    const cache = codeCache === null ? null : await openCodeCache(codeCache)
    return await callInOwnProcess(program, {
      request,
      env: cache === null ? own : { ...own, NODE_COMPILE_CACHE: cache },
      signal,
      log: join(logFolder, `${request.operation}.log`),
      // Every wait of the other side ends by itself; this is for the case that it hangs.
      idleDeadline: (patienceSeconds + 600) * 1000,
      onProgress: progress,
    })
  }
}
