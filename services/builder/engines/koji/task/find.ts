import { isDeepStrictEqual } from 'node:util'
import type { KojiHub } from '../hub/connect.ts'
import { taskState, type Task } from '../hub/task.ts'
import type { KojiPlan } from '../order/plan.ts'

const page = 200

/** Tasks of ours are some thousands at most; who has more has another trouble. */
const mostPages = 100

/**
 * Finds our tasks for a plan that are not in vain, oldest first. A task is for a plan when its request is, to the last
 * word; the drop is in it. Only the hub's own filters save reading them all: none of them knows a request.
 */
export async function findTasks(
  plan: KojiPlan,
  hub: KojiHub,
  signal?: AbortSignal,
  after: Date = plan.notBefore,
): Promise<Task[]> {
  const filter = {
    owner: await hub.me(signal),
    method: plan.taskMethod,
    state: [taskState.free, taskState.assigned, taskState.open, taskState.closed],
    createdAfter: after.getTime() / 1000,
  }
  const found: Task[] = []
  for (let number = 0; number < mostPages; number++) {
    const tasks = await hub.queries.tasks(filter, { offset: number * page, limit: page }, signal)
    found.push(...tasks.filter((task) => task.parent === null && isDeepStrictEqual(task.request, plan.request)))
    if (tasks.length < page) return found
  }
  return found
}
