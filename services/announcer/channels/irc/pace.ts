import { setTimeout as sleep } from 'node:timers/promises'

/** How fast a server lets us talk before it ends the connection. */
export interface Flood {
  /** Lines that may go at once, after a silence. */
  readonly lines: number
  /** Seconds for each line after those. */
  readonly seconds: number
}

/** Waits until the next line may be sent. */
export type Pace = (signal: AbortSignal) => Promise<void>

/** Makes a pace as servers reckon it: each line costs its seconds, and one may be in debt by so many lines. */
export function createPace(
  { lines, seconds }: Flood,
  now: () => number = () => performance.now(),
  wait: (time: number, signal: AbortSignal) => Promise<void> = (time, signal) => sleep(time, undefined, { signal }),
): Pace {
  const cost = seconds * 1000
  let paidUntil = 0
  return async (signal) => {
    paidUntil = Math.max(paidUntil, now()) + cost
    const debt = paidUntil - lines * cost - now()
    if (debt > 0) await wait(debt, signal)
  }
}
