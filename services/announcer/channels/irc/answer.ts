import { TransientError } from '#service/errors.ts'

interface Patience {
  /** What is waited for, for people. */
  readonly what: string
  /** In milliseconds; null for as long as it takes. */
  readonly patience: number | null
  readonly signal: AbortSignal
}

/** Waits for an answer; throws the signal's reason when it aborts, and TransientError when patience is over. */
export async function answerOf<Answer>(answer: Promise<Answer>, { what, patience, signal }: Patience): Promise<Answer> {
  // Whoever gave up before, or gives up below, hears no more of it: a refusal that nobody hears would end the process.
  answer.catch(() => null)
  signal.throwIfAborted()
  const over = Promise.withResolvers<never>()
  const onAbort = () => {
    over.reject(signal.reason as Error)
  }
  const giveUp = (after: number) => {
    over.reject(new TransientError(`${what}: no answer within ${String(after / 1000)} s`))
  }
  const timer = patience === null ? undefined : setTimeout(giveUp, patience, patience)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([answer, over.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
