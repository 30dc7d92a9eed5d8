import type { Progress } from '#bus/bus.ts'

/** What KIWI says at the start of each step that takes long, in order. */
const steps: readonly (readonly [RegExp, string])[] = [
  [/Preparing new root system/, 'preparing the root'],
  [/Installing bootstrap packages/, 'installing the first packages'],
  [/Installing system( packages)? \(chroot\)/, 'installing packages'],
  [/Calling config\.sh/, 'configuring'],
  [/Creating system image/, 'preparing the disk'],
  [/Syncing system to image/, 'writing the disk'],
  [/Export \w+ packages metadata/, 'listing packages'],
  [/Result files:/, 'done'],
]

/** Turns what KIWI says into progress that never goes back. */
export function createProgressReader(report: (progress: Progress) => void): (line: string) => void {
  let reached = -1
  return (line) => {
    const said = /^\[ INFO +\]: [\d:]+ \| (.*)$/.exec(line)?.[1]
    if (said === undefined) return
    const index = steps.findIndex(([pattern]) => pattern.test(said))
    const phase = steps[index]?.[1]
    if (phase === undefined || index <= reached) return
    reached = index
    report({ phase, done: index, total: steps.length - 1, unit: 'steps' })
  }
}
