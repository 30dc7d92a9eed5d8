import type { FailureClass } from '#events/vocabulary.ts'
import type { WaitFor } from '#service/define.ts'
import { messageOf, PermanentError } from '#service/errors.ts'
import type { EngineContext } from '../engine.ts'
import type { KojiHub } from './hub/connect.ts'
import { taskState } from './hub/task.ts'
import { inWords, type KojiLimits } from './limits.ts'
import { freshState, type KojiState } from './state.ts'
import { cancelTask } from './task/cancel.ts'
import type { TaskFailed } from './task/failure.ts'
import type { TaskTree } from './task/watch.ts'
import { keyOfTask } from './wake.ts'

/** What a wait for Koji keeps. */
export interface KojiWait extends WaitFor {
  readonly state: KojiState
}

type Clock = Pick<EngineContext, 'now' | 'log' | 'signal'>

/** Gives up a task that does not go on, and cancels it: in the queue, at a builder, or in all. */
export async function assertPatience(
  state: KojiState,
  { task }: TaskTree,
  { hub, limits }: { readonly hub: KojiHub; readonly limits: KojiLimits },
  { now, signal }: Clock,
): Promise<void> {
  const since = (time: string) => now().getTime() - Date.parse(time)
  const giveUp = async (kind: FailureClass, reason: string): Promise<never> => {
    await cancelTask(task.id, hub, signal)
    throw new PermanentError(kind, reason)
  }
  const named = `task ${String(task.id)} of Koji`
  const queued = task.state === taskState.free || task.state === taskState.assigned
  if (queued && since(state.alive.at) > limits.queued) {
    const why = (await hub.queries.refusals(task.id, signal)).at(-1)
    await giveUp(
      'capacity',
      `no builder took ${named} in ${inWords(limits.queued)}${why === undefined ? '' : `: ${why}`}`,
    )
  }
  if (!queued && since(state.alive.at) > limits.silent) {
    await giveUp('stuck', `${named} has not gone on for ${inWords(limits.silent)}`)
  }
  if (since(state.since) > limits.total) await giveUp('stuck', `${named} was not over after ${inWords(limits.total)}`)
}

/** A hub that is away is waited for; only when it stays away it is somebody's business. */
export function waitForHub(state: KojiState, error: unknown, limits: KojiLimits, { now, log }: Clock): KojiWait {
  const away = state.away ?? now().toISOString()
  const reason = messageOf(error)
  const end = Date.parse(away) + limits.away
  if (now().getTime() >= end) {
    const left = state.task === null ? '' : `, and has task ${String(state.task)}`
    const told = `Koji has not answered for ${inWords(limits.away)}${left}: ${reason}`
    throw new PermanentError('environment', told, { cause: error })
  }
  if (state.away === null) log.warn({ task: state.task, reason }, 'Koji does not answer')
  const key = state.task === null ? null : keyOfTask(state.task)
  const until = new Date(Math.min(nextLook(state.task ?? 0, now(), limits.poll).getTime(), end))
  return { for: key, until, reason: 'Koji to answer', state: { ...state, away } }
}

/** Builders have their networks and mirrors too: a task that failed of them is ordered again, later. */
export function orderAgain(state: KojiState, failure: TaskFailed, limits: KojiLimits, { now, log }: Clock): KojiWait {
  const failed = state.failed + 1
  if (failed >= limits.tries) {
    const told = `${String(failed)} tasks of Koji failed, the last of them: ${failure.message}`
    throw new PermanentError('environment', told, { cause: failure })
  }
  log.warn({ task: failure.task, reason: failure.message, failed }, 'ordering the image again')
  const until = new Date(now().getTime() + limits.again)
  return { for: null, until, reason: 'a better time', state: { ...freshState(now()), failed } }
}

/** When to look again, whatever has come. Not all at the same moment: thousands may wait. */
export function nextLook(task: number, now: Date, poll: number): Date {
  return new Date(now.getTime() + poll * (0.75 + ((task * 7919) % 1000) / 2000))
}
