import { patiently, type Pace } from '#publishing/wait.ts'
import { isMissing } from './errors.ts'

/** What was just made is seen everywhere within two minutes; what is missing longer is gone. */
const longestLateness = 120_000

/** Tries again while something is missing, which may only be so because it is new. */
export async function onceSeen<Result>(act: () => Promise<Result>, pace: Pace): Promise<Result> {
  return await patiently(act, isMissing, { ...pace, patience: latenessWithin(pace) })
}

/** How old a thing must be, in milliseconds, before its absence means that it is gone. */
export function latenessWithin({ patience }: Pace): number {
  return Math.min(patience, longestLateness)
}
