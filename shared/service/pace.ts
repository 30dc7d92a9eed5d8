/** A job that takes longer than so many milliseconds is a long one. */
const longTime = 1_000
/** So many short ones in a row are no chance. */
const enough = 10

/** How long the jobs of a service take in this process. */
export interface Pace {
  /** Whether all of late were short. Of a service that has just begun nothing is known. */
  readonly areShort: boolean
  /** A job begins; call what is returned when it ends. */
  begin(): () => void
}

/** `onTurn` hears when jobs turn out to be short, and, as soon as one takes long, that they are so no longer. */
export function createPace(onTurn: (areShort: boolean) => void): Pace {
  let inARow = 0
  let areShort = false

  function turn(now: boolean): void {
    if (areShort === now) return
    areShort = now
    onTurn(now)
  }
  return {
    get areShort() {
      return areShort
    },
    begin() {
      let isLong = false
      const timer = setTimeout(() => {
        isLong = true
        inARow = 0
        turn(false)
      }, longTime).unref()
      return () => {
        clearTimeout(timer)
        if (isLong) return
        inARow += 1
        if (inARow >= enough) turn(true)
      }
    },
  }
}
