import { launchAddressOf, type Publishing } from '#service/step.ts'

/** Where people start a machine from an image; null where that is not known. */
export type LaunchAddressOf = (target: string, place: string, id: string) => string | null

/** Asks the publishers' own words. */
export function launchAddresses(publishings: readonly Publishing[]): LaunchAddressOf {
  const byTarget = new Map(publishings.map((one) => [one.target, one]))
  return (target, place, id) => {
    const publishing = byTarget.get(target)
    return publishing ? launchAddressOf(publishing, place, id) : null
  }
}
