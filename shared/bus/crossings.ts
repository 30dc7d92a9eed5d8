import type { Bus } from './bus.ts'

/** What a bridge remembers of the events that it has seen lately. */
export interface Crossings {
  /** True when the event is to be carried away from this bus: it is at home there, and was not carried before. */
  begin(id: string, from: Bus): boolean
  /** What did not come across is due again. */
  end(id: string, result: { readonly across: boolean }): void
}

/** Some 10 MB, and an hour of a bus that carries more than ours ever will. */
const remembered = 50_000

/**
 * Remembers where events came from. An envelope has no room for where it has been, and must not: its id is all that
 * both sides keep. So two bridges in opposite directions share one memory when they are in one process, and nothing
 * comes back. In two processes each knows what it has carried itself: an event comes back once, as a duplicate with the
 * same id, and goes no further.
 */
export function createCrossings(limit = remembered): Crossings {
  const seen = new Map<string, { readonly home: Bus; stays: boolean }>()
  return {
    begin(id, from) {
      const known = seen.get(id)
      if (known && (known.stays || known.home !== from)) return false
      seen.set(id, { home: from, stays: true })
      for (const oldest of seen.keys()) {
        if (seen.size <= limit) break
        seen.delete(oldest)
      }
      return true
    },
    end(id, { across }) {
      const known = seen.get(id)
      if (known) known.stays = across
    },
  }
}
