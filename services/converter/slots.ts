/** So many may do something at the same time; the others wait for their turn. */
export interface Slots {
  readonly count: number
  readonly take: () => Promise<void>
  readonly give: () => void
  /** Does some work in a slot. */
  readonly within: <T>(work: () => Promise<T>) => Promise<T>
}

/** Opens so many slots. */
export function createSlots(count: number): Slots {
  let free = count
  const waiting: (() => void)[] = []
  const take = async () => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const give = () => {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
  return {
    count,
    take,
    give,
    async within(work) {
      await take()
      try {
        return await work()
      } finally {
        give()
      }
    },
  }
}
