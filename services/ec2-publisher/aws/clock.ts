/** A client of AWS's SDK, which learns from each answer how far AWS's clock is off ours, once that is minutes. */
interface Client {
  readonly config: { readonly systemClockOffset: number }
}

/** How far the clocks may be apart, in milliseconds, without that the SDK takes notice. */
export const unnoticedOffset = 4 * 60_000

/** What AWS's clock shows when ours shows a time: what is told of the age of a thing of AWS's is told by that one. */
export function byClockOf({ config }: Client, ours = new Date()): Date {
  return new Date(ours.getTime() + config.systemClockOffset)
}
