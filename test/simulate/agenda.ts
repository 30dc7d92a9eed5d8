/** What is to happen at which simulated time. Of one time, what was entered first happens first. */
export interface Agenda {
  readonly now: () => Date
  at(time: number, happens: () => Promise<void> | void): void
  /** Goes to the next time and does what is due; false when nothing is left. */
  next(): Promise<boolean>
}

/** An empty agenda, whose clock stands at a time. */
export function createAgenda(start: number): Agenda {
  const entries: { readonly time: number; readonly happens: () => Promise<void> | void }[] = []
  let time = start
  return {
    now: () => new Date(time),
    at(when, happens) {
      if (when < time) throw new RangeError(`expected a time from ${String(time)} on, got ${String(when)}`)
      const after = entries.findLastIndex((entry) => entry.time <= when)
      entries.splice(after + 1, 0, { time: when, happens })
    },
    async next() {
      const [first] = entries
      if (!first) return false
      time = first.time
      const later = entries.findIndex((entry) => entry.time > time)
      for (const { happens } of entries.splice(0, later === -1 ? entries.length : later)) await happens()
      return true
    },
  }
}
