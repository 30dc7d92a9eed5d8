import type { Logger } from 'pino'
import type { Progress } from '#bus/bus.ts'
import type { FailureClass } from '#events/vocabulary.ts'
import { messageOf, PermanentError } from '#service/errors.ts'
import { recipesFolder } from '../../recipe.ts'
import type { EngineProbe } from '../engine.ts'
import { classifyKoji, explainKoji, isAway } from './classify.ts'
import { findMade } from './collect/choose.ts'
import { collect, keepLogs, type KojiBuilt } from './collect/collect.ts'
import type { KojiHub } from './hub/connect.ts'
import { isOver, taskState, type Task } from './hub/task.ts'
import { readKojiDescription } from './order/description.ts'
import { flattenKickstart } from './order/kickstart.ts'
import { kickstartOf, planKoji, type KojiPlan, type KojiRequest } from './order/plan.ts'
import { probeKoji } from './probe.ts'
import { freshState, readState, type KojiState } from './state.ts'
import { cancelTask } from './task/cancel.ts'
import { TaskFailed, whyFailed } from './task/failure.ts'
import { findTasks } from './task/find.ts'
import { haveTask } from './task/submit.ts'
import { lastLineOf, readOutput, readTree, stepOf, type TaskTree } from './task/watch.ts'
import { join } from 'node:path'
import { keyOfTask } from './wake.ts'

/** Bounds of an image at Koji, in milliseconds and bytes. */
export interface KojiLimits {
  /** How often a task is looked at that nobody speaks of. */
  readonly poll: number
  /** How long a task may be in the queue, be silent while it is built, and take in all. */
  readonly queued: number
  readonly silent: number
  readonly total: number
  /** How long the hub may be away. */
  readonly away: number
  /** Pause before a task that failed of the network, or of a mirror, is ordered again, and how often that is done. */
  readonly again: number
  readonly tries: number
  readonly largestDisk: number
}

export const kojiLimits: KojiLimits = {
  poll: 5 * 60_000,
  queued: 12 * 60 * 60_000,
  silent: 90 * 60_000,
  total: 36 * 60 * 60_000,
  away: 6 * 60 * 60_000,
  again: 15 * 60_000,
  tries: 3,
  largestDisk: 256 * 1024 ** 3,
}

/** What one step is given. */
export interface StepContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly log: Logger
  readonly now: () => Date
  readonly logFile: string
  readonly work: string
  /** What the step before returned with `wait`; anything else at the first. */
  readonly state: unknown
}

/** What a step comes to: the image, or what it waits for and what the next step needs to go on. */
export type Step =
  | { readonly done: KojiBuilt }
  | {
      readonly wait: {
        readonly for: string | null
        readonly until: Date
        readonly reason: string
        readonly state: KojiState
      }
    }

/** Builds images by Koji. It advances in steps and holds nothing between them; each may be lost and made again. */
export interface KojiEngine {
  readonly id: 'koji'
  readonly usesPackages: boolean
  probe(): Promise<EngineProbe>
  /** The same request and recipe give the same plan. */
  plan(request: KojiRequest): Promise<KojiPlan>
  advance(plan: KojiPlan, context: StepContext): Promise<Step>
  /** Cancels what was begun for a plan, whether it was known or not. May be done several times. */
  abandon(plan: KojiPlan, context: Pick<StepContext, 'signal' | 'log' | 'state' | 'now'>): Promise<void>
  classify(error: unknown): FailureClass
  explain(error: unknown): string
}

export function createKojiEngine(hub: KojiHub, limits: KojiLimits = kojiLimits): KojiEngine {
  return {
    id: 'koji',
    usesPackages: true,
    probe: () => probeKoji(hub),
    plan: planBuild,
    async advance(plan, context) {
      const state = readState(context.state, context.now())
      try {
        const here = { ...state, away: null }
        return await (here.task === null ? begin(plan, here, context) : look(plan, here, here.task, context))
      } catch (error) {
        context.signal.throwIfAborted()
        if (isAway(error)) return waitForHub(state, error, context)
        if (error instanceof TaskFailed && error.meaning === 'transient') return orderAgain(state, error, context)
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
    classify: classifyKoji,
    explain: explainKoji,
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
    const reached = Math.max(done, state.reached)
    if (isOver(tree.task)) {
      progress({ phase, done: 4, total: 4, unit: 'steps' })
      return await finish(plan, tree, context)
    }
    const { sign, line } = await signOfLife(tree, signal)
    progress({ phase: line ?? phase, done: reached, total: 4, unit: 'steps' })
    const alive = sign === state.alive.sign ? state.alive : { at: now().toISOString(), sign }
    const next: KojiState = { ...state, reached, alive, away: null }
    await assertPatience(next, tree, context)
    return { wait: { for: keyOfTask(id), until: nextLook(id, now()), reason: 'a Koji task', state: next } }
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

  async function assertPatience(state: KojiState, { task }: TaskTree, context: StepContext): Promise<void> {
    const { signal, now } = context
    const since = (time: string) => now().getTime() - Date.parse(time)
    const queued = task.state === taskState.free || task.state === taskState.assigned
    if (queued && since(state.alive.at) > limits.queued) {
      const why = await hub.queries.refusals(task.id, signal)
      const told = why.length > 0 ? `: ${why.at(-1) ?? ''}` : ''
      await giveUp(
        task.id,
        'capacity',
        `no builder of Koji took task ${String(task.id)} in ${hours(limits.queued)}${told}`,
        signal,
      )
    }
    if (!queued && since(state.alive.at) > limits.silent) {
      await giveUp(
        task.id,
        'stuck',
        `task ${String(task.id)} of Koji has not gone on for ${hours(limits.silent)}`,
        signal,
      )
    }
    if (since(state.since) > limits.total) {
      await giveUp(
        task.id,
        'stuck',
        `task ${String(task.id)} of Koji was not over after ${hours(limits.total)}`,
        signal,
      )
    }
  }

  async function giveUp(id: number, kind: FailureClass, reason: string, signal: AbortSignal): Promise<never> {
    await cancelTask(id, hub, signal)
    throw new PermanentError(kind, reason)
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

  /** A hub that is away is waited for; only when it stays away it is somebody's business. */
  function waitForHub(state: KojiState, error: unknown, { now, log }: StepContext): Step {
    const away = state.away ?? now().toISOString()
    const reason = messageOf(error)
    if (now().getTime() - Date.parse(away) > limits.away) {
      throw new PermanentError('environment', `Koji has not answered for ${hours(limits.away)}: ${reason}`, {
        cause: error,
      })
    }
    log.warn({ task: state.task, since: away, reason }, 'Koji does not answer')
    const key = state.task === null ? null : keyOfTask(state.task)
    return {
      wait: { for: key, until: nextLook(state.task ?? 0, now()), reason: 'Koji to answer', state: { ...state, away } },
    }
  }

  /** Builders have their networks and mirrors too. */
  function orderAgain(state: KojiState, failure: TaskFailed, { now, log }: StepContext): Step {
    const failed = state.failed + 1
    if (failed >= limits.tries) {
      const told = `${String(failed)} tasks of Koji failed, the last of them: ${failure.message}`
      throw new PermanentError('environment', told, { cause: failure })
    }
    log.warn({ task: failure.task, reason: failure.message, failed }, 'ordering the image again')
    const until = new Date(now().getTime() + limits.again)
    return { wait: { for: null, until, reason: 'a better time', state: { ...freshState(now()), failed } } }
  }

  /** Not all at the same moment: thousands may wait. */
  function nextLook(id: number, now: Date): Date {
    return new Date(now.getTime() + limits.poll * (0.75 + ((id * 7919) % 1000) / 2000))
  }
}

async function planBuild(request: KojiRequest): Promise<KojiPlan> {
  const description = await readKojiDescription(request.recipe)
  const name = kickstartOf(description, request.image.flavour)
  if (name === null) return planKoji(request, description, null)
  const { folder } = request.recipe
  const root = folder.startsWith(recipesFolder) ? recipesFolder : folder
  return planKoji(request, description, await flattenKickstart(join(folder, 'koji', name), root))
}

function hours(milliseconds: number): string {
  return `${String(Math.round(milliseconds / 360_000) / 10)} h`
}
