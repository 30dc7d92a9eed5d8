import { once } from 'node:events'
import type { Progress } from '#bus/bus.ts'
import { messageOf } from '#service/errors.ts'
import { failureClassOf } from '#service/failure.ts'
import type { Told } from './own-process.ts'

const tellEvery = 250

/** The other side of `callInOwnProcess`: does what this process was started for, and tells the outcome. */
export async function serveCall(
  act: (request: unknown, progress: (progress: Progress) => void) => Promise<unknown>,
): Promise<void> {
  // Without the one who asked, nobody hears the outcome.
  process.once('disconnect', () => process.exit(1))
  const [request] = (await once(process, 'message')) as [unknown]
  try {
    await tell({ result: (await act(request, sparingly(tellEvery))) ?? null })
  } catch (error) {
    console.error(error)
    await tell({ failed: { class: failureClassOf(error), reason: messageOf(error) } })
  }
  process.removeAllListeners('disconnect').disconnect()
}

async function tell(told: Told): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  process.send?.(told, resolve)
  await promise
}

/** A new phase at once, more bytes only now and then: a disk has thousands of blocks. */
function sparingly(every: number): (progress: Progress) => void {
  let phase = ''
  let last = 0
  return (progress) => {
    const finished = progress.done !== undefined && progress.done === progress.total
    if (progress.phase === phase && !finished && performance.now() - last < every) return
    if (progress.phase !== phase) console.error(progress.phase)
    phase = progress.phase
    last = performance.now()
    void tell({ progress })
  }
}
