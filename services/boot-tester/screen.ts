import { join } from 'node:path'
import type { Moment, Screenshot } from './boot-report.ts'
import type { RunningMachine } from './machines/machine.ts'

/** Looks at a guest's screen, once for each moment. */
export interface Screen {
  /** Takes a picture as soon as there is a machine, and of no moment twice. */
  readonly take: (moment: Moment) => void
  /** The machine's power is on. */
  readonly show: (machine: Pick<RunningMachine, 'screenshot'>) => void
  /** Takes the last picture and gives all. Rejects when the machine was lost. */
  readonly finish: () => Promise<Screenshot[]>
}

/** Watches a guest's screen; its pictures lie in `folder`. */
export function watchScreen(folder: string): Screen {
  const machine = Promise.withResolvers<Pick<RunningMachine, 'screenshot'>>()
  const asked = new Set<Moment>()
  const taken: Screenshot[] = []
  let queue: Promise<void> = Promise.resolve()
  const takeNow = async (moment: Moment) => {
    const path = join(folder, `${moment}.png`)
    if (await (await machine.promise).screenshot(path)) taken.push({ moment, path })
  }
  return {
    take(moment) {
      if (asked.has(moment)) return
      asked.add(moment)
      // A machine that is lost meanwhile is told of by whoever waits for it.
      queue = queue.then(() => takeNow(moment)).catch(() => {})
    },
    show: machine.resolve,
    async finish() {
      await queue
      await takeNow('end')
      return taken
    },
  }
}
