import { createHash } from 'node:crypto'
import type { KojiHub } from '../hub/connect.ts'
import { isOver, taskState, type Task } from '../hub/task.ts'
import type { KojiPlan } from '../order/plan.ts'

/** Finds our tasks for a plan that are not in vain, oldest first. */
export type FindTasks = (plan: KojiPlan, signal?: AbortSignal) => Promise<Task[]>

const page = 200

/** By how much the hub may show tasks later than it has dated them, in seconds. */
const margin = 60

/**
 * Looks through our tasks at a hub. A task is for a plan when its request is, to the last word; the drop is in it. No
 * filter of the hub knows a request, so all are read, but each process reads each only once: thousands may wait.
 */
export function createFinder(hub: KojiHub): FindTasks {
  /** Numbers of tasks by a digest of what they are for. */
  const known = new Map<string, Set<number>>()
  /** All that the hub has dated in between has been read, in its own time. */
  let read: { readonly from: number; readonly to: number } | null = null
  let reading: Promise<unknown> = Promise.resolve()

  async function readOn(notBefore: number, signal?: AbortSignal): Promise<void> {
    const from = read && read.from <= notBefore ? read.to - margin : notBefore
    const filter = {
      owner: await hub.me(signal),
      parent: null,
      state: [taskState.free, taskState.assigned, taskState.open, taskState.closed],
      createdAfter: from,
    }
    let to = read?.to ?? notBefore
    for (let offset = 0; ; offset += page) {
      const tasks = await hub.queries.tasks(filter, { offset, limit: page }, signal)
      for (const task of tasks) {
        to = Math.max(to, task.create_ts)
        const key = keyOf(task.method, task.request)
        known.set(key, (known.get(key) ?? new Set()).add(task.id))
      }
      if (tasks.length < page) break
    }
    read = { from: Math.min(read?.from ?? notBefore, notBefore), to }
  }

  return async (plan, signal) => {
    // One after the other: who comes second has little left to read.
    const mine = reading.then(() => readOn(plan.notBefore.getTime() / 1000, signal))
    reading = mine.catch(() => {})
    await mine
    const ids = [...(known.get(keyOf(plan.taskMethod, plan.request)) ?? [])].toSorted((one, other) => one - other)
    const tasks: Task[] = []
    for (const id of ids) {
      const task = await hub.queries.task(id, signal)
      if (task && (!isOver(task) || task.state === taskState.closed)) tasks.push(task)
    }
    return tasks
  }
}

/** The same for the same values, in whatever order a struct has its members. */
function keyOf(method: string, request: unknown): string {
  const text = JSON.stringify([method, request], (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  )
  return createHash('sha256').update(text).digest('base64')
}
