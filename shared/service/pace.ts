import type { AttemptWatch } from './attempt-watch.ts'

/** A job that takes longer than so many milliseconds is a long one. */
const longTime = 1_000
/** So many short ones in a row are no chance. */
const enough = 10

/**
 * Says when the jobs of a service turn out to be short, and when they are so no longer: what is short is done by one process, the
 * others sleep; what is long is shared. Of a service that has just begun nothing is known, so it shares.
 */
export function watchPace(onTurn: (areShort: boolean) => void): () => AttemptWatch {
  let inARow = 0
  let areShort = false

  function turn(now: boolean): void {
    if (areShort === now) return
    areShort = now
    onTurn(now)
  }
  return () => {
    let isLong = false
    const timer = setTimeout(() => {
      isLong = true
      inARow = 0
      turn(false)
    }, longTime).unref()
    return {
      traceparent: null,
      end() {
        clearTimeout(timer)
        if (isLong) return
        inARow += 1
        if (inARow >= enough) turn(true)
      },
    }
  }
}
