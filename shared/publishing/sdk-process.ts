import { join } from 'node:path'
import type { Progress } from '#bus/bus.ts'
import { callInOwnProcess } from './own-process.ts'

interface Job {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly logFolder: string
}

/**
 * Makes a function that asks a program of ours for one operation, in a process of its own: an SDK takes memory that it never
 * gives back (decision 0009). The process gets the variables that the SDK looks for its credentials in, and no other of ours.
 */
export function createSdkProcess(
  program: string,
  { patienceSeconds }: { readonly patienceSeconds: number },
  env: Readonly<Record<string, string | undefined>>,
): (request: { readonly operation: string }, job: Job) => Promise<unknown> {
  const own = Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[0].startsWith('AWS_') && entry[1] !== undefined,
    ),
  )
  return async (request, { signal, progress, logFolder }) =>
    await callInOwnProcess(program, {
      request,
      env: own,
      signal,
      log: join(logFolder, `${request.operation}.log`),
      // Every wait of the other side ends by itself; this is for the case that it hangs.
      idleDeadline: (patienceSeconds + 600) * 1000,
      onProgress: progress,
    })
}
