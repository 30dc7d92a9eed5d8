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

const minute = 60_000
const hour = 60 * minute

export const kojiLimits: KojiLimits = {
  poll: 5 * minute,
  queued: 12 * hour,
  silent: 1.5 * hour,
  total: 36 * hour,
  away: 6 * hour,
  again: 15 * minute,
  tries: 3,
  largestDisk: 256 * 1024 ** 3,
}

/** A time in hours, for people. */
export function hours(milliseconds: number): string {
  return `${String(Math.round(milliseconds / (hour / 10)) / 10)} h`
}
