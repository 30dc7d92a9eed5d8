/** Bounds of an image at Koji, in milliseconds and bytes. */
export interface KojiLimits {
  /** How often a task is looked at that nobody speaks of. */
  readonly poll: number
  /** How long a task may be in the queue, be silent while it is built, and take in all. */
  readonly queued: number
  readonly silent: number
  readonly total: number
  /** How long the hub may be away. */
  readonly away: number
  /** Pause before a task that failed of the network, or of a mirror, is ordered again, and how often that is done. */
  readonly again: number
  readonly tries: number
  readonly largestDisk: number
}

export const minute = 60_000
export const hour = 60 * minute

/** What nobody has to choose. */
export const fixedLimits = { again: 15 * minute, tries: 3, largestDisk: 256 * 1024 ** 3 }

/** A time for people. */
export function inWords(milliseconds: number): string {
  const rounded = (unit: number) => String(Math.round((milliseconds / unit) * 10) / 10)
  if (milliseconds < minute) return `${rounded(1_000)} s`
  return milliseconds < hour ? `${rounded(minute)} min` : `${rounded(hour)} h`
}
