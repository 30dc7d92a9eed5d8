import type { FailureClass } from '#events/vocabulary.ts'
import { messageOf } from '#service/errors.ts'
import type { KojiHub } from '../hub/connect.ts'
import { taskState, wordOf, type Task } from '../hub/task.ts'
import { KojiFault } from '../rpc/faults.ts'
import type { TaskTree } from './watch.ts'

/** A task did not make the image. */
export class TaskFailed extends Error {
  override name = 'TaskFailed'
  readonly code = 'KOJI_TASK_FAILED'
  readonly meaning: FailureClass
  readonly task: number

  constructor(task: number, meaning: FailureClass, message: string, options?: ErrorOptions) {
    super(message, options)
    this.task = task
    this.meaning = meaning
  }
}

/** Why there is no image, where a task is over: said by the child that should have made it, else by the task. */
export async function whyFailed({ task, own }: TaskTree, hub: KojiHub, signal?: AbortSignal): Promise<TaskFailed> {
  const guilty = own?.state === taskState.failed ? own : task
  const told = `${guilty.method} ${String(guilty.id)} of Koji`
  if (guilty.state === taskState.cancelled || (guilty === task && own?.state === taskState.cancelled)) {
    return new TaskFailed(guilty.id, 'cancelled', `${told} was cancelled at the hub`)
  }
  if (guilty.state !== taskState.failed) {
    return new TaskFailed(guilty.id, 'bug', `${told} is ${wordOf(guilty)}, but it has no child for this architecture`)
  }
  const fault = await faultOf(guilty, hub, signal)
  return new TaskFailed(guilty.id, meaningOf(fault), `${told} failed: ${messageOf(fault)}`, { cause: fault })
}

async function faultOf(task: Task, { queries }: KojiHub, signal?: AbortSignal): Promise<KojiFault> {
  const result = await queries.result(task.id, signal)
  return 'fault' in result ? result.fault : new KojiFault(1, 'failed without a reason')
}

/** What builders say in words, most telling first; the number of a fault tells less. */
const meanings: readonly (readonly [RegExp, FailureClass])[] = [
  [/No space left on device|insufficient (disk )?space|not enough free (disk )?space|out of memory/i, 'capacity'],
  [
    /Curl error|HTTP Error 5\d\d|Failed to download metadata|metalink|Temporary failure|timed out|Connection (refused|reset)/i,
    'transient',
  ],
  [
    /not in list for tag|Invalid arch for build tag|No arches for tag|No such build target|policy violation|not allowed/i,
    'environment',
  ],
  [/Build already exists/i, 'refused'],
  [/is canceled/i, 'cancelled'],
  [/Automated install failed|prompted for input|Failed to (read|parse) kickstart|may not have a hyphen/i, 'recipe'],
  [
    /No such package|nothing provides|Unable to find a match|Packages? .* not available|conflicting requests/i,
    'recipe',
  ],
  [/Invalid format|Unknown or supported distro|can't be parsed as XML|all subtasks failed/i, 'recipe'],
]

function meaningOf(fault: KojiFault): FailureClass {
  return meanings.find(([pattern]) => pattern.test(fault.message))?.[1] ?? fault.meaning
}
