import type { Progress } from '#bus/bus.ts'

/** What mkosi says at the start of each step that takes long, in order, by the command of the plan that it runs. */
const steps: readonly (readonly [string, RegExp, string])[] = [
  ['base', /^Syncing package manager metadata/, 'fetching package lists'],
  ['base', /^Installing /, 'installing packages'],
  ['base', /^Generating system users/, 'configuring the base tree'],
  ['base', /^Creating tar archive/, 'storing the base tree'],
  ['image', /^Copying in base trees/, 'unpacking the base tree'],
  ['image', /^Installing extra packages/, "installing the flavour's packages"],
  ['image', /^Running postinstall script/, 'making the initrd'],
  ['image', /^Removing files/, 'cleaning up'],
  ['image', /^Generating disk image/, 'writing the disk'],
  ['image', /^Running post-output script/, 'installing the boot loader'],
]

/** Takes what a command says, line by line. */
export type ProgressReader = (command: string, line: string) => void

/** Turns mkosi's `‣` lines into progress that never goes back, even when a step shows up twice. */
export function createProgressReader(report: (progress: Progress) => void): ProgressReader {
  let reached = -1
  return (command, line) => {
    const step = /^‣\s*(.*)$/.exec(line.trim())?.[1]
    if (step === undefined) return
    const index = steps.findIndex(([of, pattern]) => of === command && pattern.test(step))
    const phase = steps[index]?.[2]
    if (phase === undefined || index <= reached) return
    reached = index
    report({ phase, done: index, total: steps.length, unit: 'steps' })
  }
}
