import type { Progress } from '#bus/bus.ts'
import type { FailureClass } from '#events/vocabulary.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { run } from '#subprocess/run.ts'

/** What the process tells: how far it is, as often as it likes; then its result, or why there is none. */
export type Told =
  | { readonly progress: Progress }
  | { readonly result: unknown }
  | { readonly failed: { readonly class: FailureClass; readonly reason: string } }

interface Call {
  /** What it is asked for: anything that survives JSON. */
  readonly request: object
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** Takes what it prints. */
  readonly log: string
  /** How long it may be silent, in milliseconds. */
  readonly idleDeadline: number
  readonly onProgress: (progress: Progress) => void
}

/**
 * How Node keeps the memory of such a process. Young objects have 4 MB instead of 48: what a request leaves is garbage at once, and of
 * a large space much is never used again. Old ones are not looked through before there are 128 MB of everything: as an SDK is loaded and
 * blocks pass by, the heap is small and is collected whole again and again.
 */
export const memoryFlags: readonly string[] = ['--max-semi-space-size=2', '--initial-old-space-size=128']

/**
 * Asks a program of ours, which answers with `serveCall`, for one thing, in a process of its own that ends with it. For
 * libraries that take much memory and never give it back, and for work that takes a whole core. Resolves with the
 * result; rejects with an error of the same failure class as in the process, or with the signal's reason.
 */
export async function callInOwnProcess(program: string, call: Call): Promise<unknown> {
  const { request, env, signal, log, idleDeadline, onProgress } = call
  let outcome: Exclude<Told, { progress: Progress }> | null = null
  const onMessage = (message: unknown) => {
    const told = message as Told
    if ('progress' in told) onProgress(told.progress)
    else outcome = told
  }
  const channel = { first: request, onMessage }
  await run(process.execPath, [...memoryFlags, program], { signal, env, log, idleDeadline, channel })
  return resultOf(program, outcome)
}

function resultOf(program: string, outcome: Exclude<Told, { progress: Progress }> | null): unknown {
  if (outcome === null) throw new TransientError(`${program} ended without telling the outcome`)
  if ('result' in outcome) return outcome.result
  const { class: failureClass, reason } = outcome.failed
  throw failureClass === 'transient' ? new TransientError(reason) : new PermanentError(failureClass, reason)
}
