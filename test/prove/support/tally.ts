import { messageOf } from '#service/errors.ts'

/** Counts which cases of a proof came out as stated. */
export interface Tally {
  /** Tells whether a case came out as stated. One that throws did not, and those after it are tried all the same. */
  readonly try: (name: string, work: () => Promise<boolean>) => Promise<boolean>
  /** Says in one line how many were as stated and which were not; true when there were some, and all of them were. */
  readonly conclude: () => boolean
}

/** Begins to count the cases of a proof. */
export function tallyOf(proof: string): Tally {
  const other: string[] = []
  let all = 0
  return {
    async try(name, work) {
      all += 1
      try {
        if (await work()) return true
      } catch (error) {
        console.log(`${name}: ${messageOf(error)}`)
      }
      other.push(name)
      return false
    },
    conclude() {
      const rest = other.length === 0 ? '' : `; not: ${other.join(', ')}`
      console.log(`\n${proof}: ${String(all - other.length)} of ${String(all)} as stated${rest}`)
      return all > 0 && other.length === 0
    },
  }
}
