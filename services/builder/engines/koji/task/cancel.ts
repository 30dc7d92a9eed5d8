import type { KojiHub } from '../hub/connect.ts'
import { isOver } from '../hub/task.ts'
import { faultCode, KojiFault } from '../rpc/faults.ts'

/** Cancels a task with all below it. One that is over, or that there is not, needs no more. */
export async function cancelTask(id: number, hub: KojiHub, signal?: AbortSignal): Promise<void> {
  const isGone = async () => {
    const task = await hub.queries.task(id, signal)
    return task === null || isOver(task)
  }
  if (await isGone()) return
  try {
    await hub.session.change({ method: 'cancelTask', args: [id] }, async () => ((await isGone()) ? true : null), signal)
  } catch (error) {
    if (error instanceof KojiFault && error.faultCode === faultCode.generic && (await isGone())) return
    throw error
  }
}
