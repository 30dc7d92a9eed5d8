import { messageOf, PermanentError } from '#service/errors.ts'
import type { EngineContext } from '../engine.ts'
import { isAway, isOffline } from './classify.ts'
import { findMade } from './collect/choose.ts'
import { collect, keepTexts } from './collect/collect.ts'
import type { KojiHub } from './hub/connect.ts'
import { isOver, taskState, type Task } from './hub/task.ts'
import { minute, type KojiLimits } from './limits.ts'
import type { KojiPlan } from './order/plan.ts'
import { assertPatience, nextLook, orderAgain, waitForHub, type KojiWait } from './patience.ts'
import { backFromAway, freshState, readState, type KojiState } from './state.ts'
import { cancelTask } from './task/cancel.ts'
import { TaskFailed, whyFailed } from './task/failure.ts'
import { createFinder } from './task/find.ts'
import { haveTask } from './task/submit.ts'
import { lastLineOf, readOutput, readTree, stepOf, type TaskTree } from './task/watch.ts'
import { keyOfTask } from './wake.ts'

/** Builds images by Koji, in steps. It holds nothing between them; each may be lost and made again. */
export interface KojiSteps {
  /** Of the hub; `unknown` while it cannot be told. */
  version(): Promise<string>
  /** Waits for the next step, or has made the plan's disk. */
  advance(plan: KojiPlan, context: EngineContext): Promise<KojiWait | undefined>
  /** Cancels what was begun for a plan, whether it was known or not. May be done several times. */
  abandon(plan: KojiPlan, context: Pick<EngineContext, 'signal' | 'log' | 'waited' | 'now'>): Promise<void>
}

export function createKojiSteps(hub: KojiHub, limits: KojiLimits): KojiSteps {
  const find = createFinder(hub)
  let known: string | null = null
  /** When a step found the hub away. Thousands may wait: while it is, one a minute asks and the others need not. */
  let lastAway: { readonly at: number; readonly error: unknown } | null = null

  return {
    async version() {
      known ??= lastAway ? null : await hub.queries.version().catch(() => null)
      return known ?? 'unknown'
    },
    async advance(plan, context) {
      const { signal, now } = context
      const state = readState(context.waited, now())
      if (lastAway && now().getTime() - lastAway.at < Math.min(minute, limits.poll)) {
        return waitForHub(state, lastAway.error, limits, context)
      }
      try {
        const here = state.away === null ? state : backFromAway(state, now())
        const wait = await (here.task === null ? begin(plan, here, context) : look(plan, here, here.task, context))
        lastAway = null
        return wait
      } catch (error) {
        signal.throwIfAborted()
        if (isAway(error)) {
          if (isOffline(error)) lastAway = { at: now().getTime(), error }
          return waitForHub(state, error, limits, context)
        }
        lastAway = null
        if (error instanceof TaskFailed && error.meaning === 'transient')
          return orderAgain(state, error, limits, context)
        throw error
      }
    },
    async abandon(plan, { signal, log, waited, now }) {
      const { task } = readState(waited, now())
      const tasks = task === null ? (await find(plan, signal)).map(({ id }) => id) : [task]
      for (const id of tasks) {
        await cancelTask(id, hub, signal)
        log.info({ task: id }, 'cancelled the task at Koji')
      }
    },
  }

  async function begin(plan: KojiPlan, state: KojiState, context: EngineContext): Promise<KojiWait | undefined> {
    const { signal, log, now } = context
    const isUsable = (task: Task) => canCollect(plan, task, signal)
    const task = await haveTask(plan, hub, { find, log, signal, isUsable })
    return await look(plan, { ...freshState(now()), task, failed: state.failed }, task, context)
  }

  /** A closed task is of use if the wanted image is among what it made, and is still there. */
  async function canCollect(plan: KojiPlan, task: Task, signal: AbortSignal): Promise<boolean> {
    const tree = await readTree(task.id, plan.architecture, hub, signal)
    if (!tree) return false
    return await findMade(plan, tree.task, tree.own, hub, signal).then(
      () => true,
      (error: unknown) => {
        if (isAway(error)) throw error
        return false
      },
    )
  }

  async function look(
    plan: KojiPlan,
    state: KojiState,
    id: number,
    context: EngineContext,
  ): Promise<KojiWait | undefined> {
    const { signal, progress, now } = context
    const tree = await readTree(id, plan.architecture, hub, signal)
    if (tree === null) throw new PermanentError('environment', `the hub has no task ${String(id)} any more`)
    const { done, phase } = stepOf(tree)
    if (isOver(tree.task)) {
      progress({ phase, done: 4, total: 4, unit: 'steps' })
      await finish(plan, tree, context)
      return undefined
    }
    const reached = Math.max(done, state.reached)
    const { sign, line } = await signOfLife(tree, signal)
    progress({ phase: line ?? phase, done: reached, total: 4, unit: 'steps' })
    const alive = sign === state.alive.sign ? state.alive : { at: now().toISOString(), sign }
    const next: KojiState = { ...state, reached, alive }
    await assertPatience(next, tree, { hub, limits }, context)
    const until = nextLook(id, now(), limits.poll)
    return { for: keyOfTask(id), until, reason: 'a Koji task', state: next }
  }

  /** Whatever changes while a task goes on: its states, and the sizes of what its builder writes. */
  async function signOfLife(
    { task, own }: TaskTree,
    signal: AbortSignal,
  ): Promise<{ sign: string; line: string | null }> {
    const states = [task, own].map((one) => `${String(one?.state)}@${String(one?.start_ts)}`).join(' ')
    if (task.state !== taskState.open || own?.state !== taskState.open) return { sign: states, line: null }
    const files = await readOutput({ task, own }, hub, signal)
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    return {
      sign: `${states} ${String(files.length)} ${String(bytes)}`,
      line: await lastLineOf(own, files, hub, signal),
    }
  }

  async function finish(plan: KojiPlan, tree: TaskTree, context: EngineContext): Promise<void> {
    const { signal, progress, now, logFile } = context
    const made =
      tree.task.state === taskState.closed && (plan.images === 'build' || tree.own?.state === taskState.closed)
    const kept = { signal, progress, now, logFile, work: context.folders.work, largestDisk: limits.largestDisk }
    if (made) {
      await collect(plan, tree, hub, kept)
      return
    }
    const failure = await whyFailed(tree, hub, signal)
    // What the builder wrote tells more than the fault, where it can still be had.
    await keepLogsOf(tree, kept).catch((error: unknown) => {
      signal.throwIfAborted()
      context.log.warn({ task: tree.task.id, reason: messageOf(error) }, 'the logs of the task cannot be had')
    })
    throw failure
  }

  async function keepLogsOf({ task, own }: TaskTree, kept: Parameters<typeof keepTexts>[2]): Promise<void> {
    const { id } = own ?? task
    const files = await hub.queries.output(id, kept.signal)
    const folder = `work/tasks/${String(id % 10_000)}/${String(id)}`
    const logs = files.filter(({ name }) => /^[A-Za-z0-9][A-Za-z0-9._-]*\.log$/.test(name))
    const remote = logs.map(({ name, size }) => ({
      name,
      size,
      path: `${folder}/${name}`,
      sha256: null,
      archive: null,
    }))
    await keepTexts(remote, hub, kept)
  }
}
