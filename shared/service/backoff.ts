import type { RetryPolicy } from './define.ts'

/**
 * Milliseconds to wait after the n-th failed attempt: the first delay times 4 for each further failure, up to the
 * longest delay, times 0.5 to 1.5 at random, so that those who failed together do not come back together.
 */
export function backoff(
  policy: Pick<RetryPolicy, 'firstDelay' | 'maxDelay'>,
  attempt: number,
  random = Math.random,
): number {
  const delay = Math.min(policy.maxDelay, policy.firstDelay * 4 ** (attempt - 1))
  return Math.round(delay * (0.5 + random()))
}
