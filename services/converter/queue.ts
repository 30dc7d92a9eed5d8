/** Does one thing after the other, in the order in which they were asked for. After a failure nothing more is done. */
export interface Queue {
  readonly add: <T>(work: () => Promise<T>) => Promise<T>
  /** Resolves when all that was asked for is done. */
  readonly done: () => Promise<void>
}

/** Opens a queue that has nothing to do. */
export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve()
  return {
    add(work) {
      const next = last.then(work)
      last = next
      // Whoever asked, or waits for the end, hears of a failure.
      next.catch(() => undefined)
      return next
    },
    done: async () => void (await last),
  }
}
