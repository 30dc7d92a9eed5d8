import { messageOf, PermanentError } from '#service/errors.ts'
import { isAway } from './classify.ts'
import { findMade } from './collect/choose.ts'
import { collect, keepLogs } from './collect/collect.ts'
import type { KojiHub } from './hub/connect.ts'
import { isOver, taskState, type Task } from './hub/task.ts'
import { kojiLimits, type KojiLimits } from './limits.ts'
import type { KojiPlan } from './order/plan.ts'
import { assertPatience, orderAgain, waitForHub } from './patience.ts'
import { freshState, readState, type KojiState } from './state.ts'
import { nextLook, type Step, type StepContext } from './step.ts'
import { cancelTask } from './task/cancel.ts'
import { TaskFailed, whyFailed } from './task/failure.ts'
import { findTasks } from './task/find.ts'
import { haveTask } from './task/submit.ts'
import { lastLineOf, readOutput, readTree, stepOf, type TaskTree } from './task/watch.ts'
import { keyOfTask } from './wake.ts'

/** Builds images by Koji, in steps. It holds nothing between them; each may be lost and made again. */
export interface KojiSteps {
  advance(plan: KojiPlan, context: StepContext): Promise<Step>
  /** Cancels what was begun for a plan, whether it was known or not. May be done several times. */
  abandon(plan: KojiPlan, context: Pick<StepContext, 'signal' | 'log' | 'state' | 'now'>): Promise<void>
}

export function createKojiSteps(hub: KojiHub, limits: KojiLimits = kojiLimits): KojiSteps {
  return {
    async advance(plan, context) {
      const state = readState(context.state, context.now())
      try {
        const here = { ...state, away: null }
        return await (here.task === null ? begin(plan, here, context) : look(plan, here, here.task, context))
      } catch (error) {
        context.signal.throwIfAborted()
        if (isAway(error)) return waitForHub(state, error, limits, context)
        if (error instanceof TaskFailed && error.meaning === 'transient')
          return orderAgain(state, error, limits, context)
        throw error
      }
    },
    async abandon(plan, { signal, log, state, now }) {
      const { task } = readState(state, now())
      const tasks = task === null ? (await findTasks(plan, hub, signal)).map(({ id }) => id) : [task]
      for (const id of tasks) {
        await cancelTask(id, hub, signal)
        log.info({ task: id }, 'cancelled the task at Koji')
      }
    },
  }

  async function begin(plan: KojiPlan, state: KojiState, context: StepContext): Promise<Step> {
    const { signal, log, now } = context
    const isUsable = (task: Task) => canCollect(plan, task, signal)
    const task = await haveTask(plan, hub, { log, signal, isUsable })
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

  async function look(plan: KojiPlan, state: KojiState, id: number, context: StepContext): Promise<Step> {
    const { signal, progress, now } = context
    const tree = await readTree(id, plan.architecture, hub, signal)
    if (tree === null) throw new PermanentError('environment', `the hub has no task ${String(id)} any more`)
    const { done, phase } = stepOf(tree)
    if (isOver(tree.task)) {
      progress({ phase, done: 4, total: 4, unit: 'steps' })
      return await finish(plan, tree, context)
    }
    const reached = Math.max(done, state.reached)
    const { sign, line } = await signOfLife(tree, signal)
    progress({ phase: line ?? phase, done: reached, total: 4, unit: 'steps' })
    const alive = sign === state.alive.sign ? state.alive : { at: now().toISOString(), sign }
    const next: KojiState = { ...state, reached, alive }
    await assertPatience(next, tree, { hub, limits }, context)
    const until = nextLook(id, now(), limits.poll)
    return { wait: { for: keyOfTask(id), until, reason: 'a Koji task', state: next } }
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

  async function finish(plan: KojiPlan, tree: TaskTree, context: StepContext): Promise<Step> {
    const { signal, progress, logFile, work } = context
    const made =
      tree.task.state === taskState.closed && (plan.images === 'build' || tree.own?.state === taskState.closed)
    const kept = { signal, progress, logFile, work, largestDisk: limits.largestDisk }
    if (made) return { done: await collect(plan, tree, hub, kept) }
    const failure = await whyFailed(tree, hub, signal)
    // What the builder wrote tells more than the fault, where it can still be had.
    await keepLogsOf(tree, kept).catch((error: unknown) => {
      signal.throwIfAborted()
      context.log.warn({ task: tree.task.id, reason: messageOf(error) }, 'the logs of the task cannot be had')
    })
    throw failure
  }

  async function keepLogsOf({ task, own }: TaskTree, kept: Parameters<typeof keepLogs>[2]): Promise<void> {
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
    await keepLogs(remote, hub, kept)
  }
}
