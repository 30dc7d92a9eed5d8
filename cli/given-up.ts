import { once } from 'node:events'

/** Something that may find that trying again cannot help: a bus whose broker refuses us, a ledger that is broken. */
interface MayGiveUp {
  readonly givenUp: AbortSignal
}

/** Waits for the end; rejects when one of these has given up: then we end with its reason, not in a loop. */
export async function orGivenUp<End>(end: Promise<End>, those: readonly MayGiveUp[]): Promise<End> {
  const refusals = those.map(async ({ givenUp }) => {
    if (!givenUp.aborted) await once(givenUp, 'abort')
    throw givenUp.reason
  })
  return await Promise.race([end, ...refusals])
}
