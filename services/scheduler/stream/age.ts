/** What tells which of two composes of one stream is the newer: their day, then their respin. */
export interface Age {
  readonly date: string
  readonly respin: number
}

/** Negative when the first compose is older, 0 when neither is. */
export function compareAge(one: Age, other: Age): number {
  return Number(one.date) - Number(other.date) || one.respin - other.respin
}
