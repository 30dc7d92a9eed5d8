import { LedgerAway } from '#ledger/ledger.ts'

/** How long a command that somebody waits for waits for its ledger, in milliseconds. */
const longestAbsence = 15 * 60_000

/** Tells those who wait for a command that its ledger is away. */
export interface LedgerNotice {
  readonly onAway: (reason: string | null) => void
  /** Rejects with LedgerAway when it has been away for too long; never resolves. */
  readonly tooLong: Promise<never>
}

export function createLedgerNotice(tell: (line: string) => void, longest = longestAbsence): LedgerNotice {
  const { promise: tooLong, reject } = Promise.withResolvers<never>()
  // Whoever does not wait for it is not ended by it.
  tooLong.catch(() => {})
  let timer: NodeJS.Timeout | null = null
  return {
    tooLong,
    onAway(reason) {
      if (timer !== null) clearTimeout(timer)
      if (reason === null) {
        tell('the ledger is back, the work goes on')
        return
      }
      tell(`${reason}; the work waits, and goes on by itself`)
      timer = setTimeout(() => {
        reject(new LedgerAway(`${reason}; the next run goes on from the finished steps`))
      }, longest).unref()
    },
  }
}
