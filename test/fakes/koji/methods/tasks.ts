import { isStruct, type Struct, type Value } from '../../../../services/builder/engines/koji/rpc/value.ts'
import { encodeCall, encodeFault, encodeReply } from '../../../../services/builder/engines/koji/rpc/encode.ts'
import { Fault, generic, notAllowed, unexpected } from '../fault.ts'
import { toInt, truthy, str } from '../python.ts'
import { assertPermission, callerOf, hasPermission, userOf, type Scene } from '../sessions.ts'
import { cancelTree, childrenOf, describeTask, isFinal, makeTask, state } from '../tasks.ts'
import { seconds } from '../time.ts'
import type { Task, World } from '../world.ts'

/** What the hub tells of tasks, and the calls that end them. */
export const taskMethods = {
  getTaskInfo({ world }: Scene, { task_id, request, strict }: Struct): Value {
    const one = (id: Value | undefined): Value => {
      const task = world.tasks.get(toInt(id))
      if (!task && truthy(strict)) throw generic('query returned no rows')
      return task ? describeTask(task, truthy(request)) : null
    }
    return Array.isArray(task_id) ? (task_id as readonly Value[]).map(one) : one(task_id)
  },

  getTaskChildren({ world }: Scene, { task_id, request }: Struct): Value {
    return childrenOf(world, toInt(task_id)).map((task) => describeTask(task, truthy(request)))
  },

  getTaskDescendents({ world }: Scene, { task_id, request }: Struct): Value {
    const tree: Record<string, Value> = {}
    const visit = (id: number) => {
      // Here the hub orders them, by their numbers.
      const children = childrenOf(world, id).toSorted((one, other) => one.id - other.id)
      tree[String(id)] = children.map((task) => describeTask(task, truthy(request)))
      for (const child of children) visit(child.id)
    }
    visit(toInt(task_id))
    return tree
  },

  getTaskRequest({ world }: Scene, { taskId }: Struct): Value {
    return find(world, taskId, 'No such task').request
  },

  getTaskResult({ world }: Scene, { taskId, raise_fault: raise = true }: Struct): Value {
    const task = find(world, taskId, 'No such task')
    if (task.state === state.canceled) throw generic(`Task ${String(task.id)} is canceled`)
    if (!isFinal(task) || task.result === null) throw generic(`Task ${String(task.id)} is not finished`)
    if ('value' in task.result) return task.result.value
    const { code, text } = task.result
    if (truthy(raise)) throw new Fault(code, text)
    return { faultCode: code, faultString: text }
  },

  taskFinished({ world }: Scene, { taskId }: Struct): Value {
    return isFinal(find(world, taskId, 'query returned no rows'))
  },

  /** Why no builder takes a task: hosts may refuse what they cannot do, and then it stays free. */
  'scheduler.getTaskRefusals'({ world }: Scene, { clauses }: Struct): Value {
    return refusalsOf(world, clauses).map(({ taskId, hostId, why, at }, index) => ({
      by_host: true,
      host_id: hostId,
      id: index + 1,
      msg: why,
      soft: false,
      task_id: taskId,
      ts: seconds(at),
    }))
  },
  'scheduler.getLogMessages'({ world }: Scene, { clauses }: Struct): Value {
    return refusalsOf(world, clauses).flatMap(({ taskId, hostId, why, at }, index) =>
      ['Assigning task', `Host refused task: ${why}`].map((msg, place) => ({
        host_id: hostId,
        id: 49 + 2 * index + place,
        msg,
        msg_ts: seconds(at),
        task_id: taskId,
      })),
    )
  },

  listTasks({ world }: Scene, { opts, queryOpts }: Struct): Value {
    const filter = isStruct(opts) ? opts : {}
    const { countOnly, order, offset, limit } = isStruct(queryOpts) ? queryOpts : {}
    const found = [...world.tasks.values()].filter(matching(filter))
    if (truthy(countOnly)) return found.length
    const sorted = found.toSorted((one, other) => (order === '-id' ? other.id - one.id : one.id - other.id))
    const start = typeof offset === 'number' ? offset : 0
    const page = sorted.slice(start, typeof limit === 'number' ? start + limit : undefined)
    return page.map((task) => listed(world, task, truthy(filter['decode'])))
  },

  cancelTask(scene: Scene, { task_id, recurse = true }: Struct): Value {
    const { world } = scene
    const task = world.tasks.get(toInt(task_id))
    if (!task) throw generic(`No such task: ${str(task_id)}`)
    if (callerOf(scene)?.id !== task.owner && !hasPermission(scene, 'admin')) {
      throw notAllowed('Cannot cancel task, not owner')
    }
    cancelTree(world, task, world.now(), truthy(recurse))
    scene.wrote = true
    return null
  },

  cancelTaskChildren(scene: Scene, { task_id }: Struct): Value {
    const task = find(scene.world, task_id, 'No such task')
    if (callerOf(scene)?.id !== task.owner && !hasPermission(scene, 'admin')) {
      throw notAllowed('Cannot cancel task, not owner')
    }
    for (const child of childrenOf(scene.world, task.id)) cancelTree(scene.world, child, scene.world.now(), true)
    scene.wrote = true
    return null
  },

  cancelTaskFull(scene: Scene): Value {
    assertPermission(scene, 'admin')
    throw generic('the fake hub has no admins who do this')
  },

  resubmitTask(scene: Scene, { taskID }: Struct): Value {
    const { world } = scene
    const task = find(world, taskID, 'No such task')
    if (callerOf(scene)?.id !== task.owner && !hasPermission(scene, 'admin')) {
      throw notAllowed('Cannot resubmit task, not owner')
    }
    const channel = world.channels.find((one) => one.id === task.channelId)?.name ?? 'default'
    scene.wrote = true
    return makeTask(world, task.method, task.request, { owner: task.owner, channel, arch: task.arch }).id
  },
}

/** Clauses are lists like `['task_id', 60]`. */
function refusalsOf(world: World, clauses: Value | undefined): World['refusals'] {
  const wanted = (clauses as readonly (readonly Value[])[] | undefined)?.find(([name]) => name === 'task_id')?.[1]
  return world.refusals.filter(({ taskId }) => wanted === undefined || taskId === wanted)
}

function find(world: World, id: Value | undefined, missing: string): Task {
  const task = world.tasks.get(toInt(id))
  if (!task) throw generic(missing)
  return task
}

/** The filters of listTasks; one that it does not know filters nothing. */
function matching(filter: Struct): (task: Task) => boolean {
  const { owner, method, state: states, arch, parent, createdAfter, createdBefore } = filter
  if (typeof owner === 'string') {
    const type = 'psycopg2.errors.InvalidTextRepresentation'
    const line = `\nLINE 5:  WHERE (owner = '${owner}')\n                        ^\n`
    throw unexpected(type, `invalid input syntax for type integer: "${owner}"${line}`)
  }
  const isOneOf = (given: Value | undefined, value: Value) =>
    given === undefined || (Array.isArray(given) ? (given as readonly Value[]).includes(value) : given === value)
  const after = createdAfter === undefined ? -Infinity : epoch(createdAfter)
  const before = createdBefore === undefined ? Infinity : epoch(createdBefore)
  return (task) =>
    isOneOf(owner, task.owner) &&
    isOneOf(method, task.method) &&
    isOneOf(states, task.state) &&
    isOneOf(arch, task.arch) &&
    isOneOf(parent, task.parent) &&
    task.createdAt.getTime() > after &&
    task.createdAt.getTime() < before
}

function epoch(value: Value): number {
  return typeof value === 'number' ? value * 1000 : Date.parse(`${str(value).replace(' ', 'T')}Z`)
}

/** A task as listTasks tells of it: with its request and result, as XML unless they are to be decoded. */
function listed(world: World, task: Task, decode: boolean): Value {
  const owner = userOf(world, task.owner)
  const told: Record<string, Value> = { ...describeTask(task, true), owner_name: owner.name, owner_type: 0 }
  told['request'] = decode ? task.request : encodeCall(task.method, task.request)
  const { result } = task
  if (result === null) told['result'] = null
  else if ('value' in result) told['result'] = decode ? [result.value] : encodeReply(result.value)
  else if (decode) told['result'] = { faultCode: result.code, faultString: result.text }
  else told['result'] = encodeFault(result.code, result.text)
  return Object.fromEntries(Object.entries(told).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}
