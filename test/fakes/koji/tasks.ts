import { Float, type Struct, type Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import { generic } from './fault.ts'
import { moment } from './time.ts'
import type { Task, World } from './world.ts'

/** Numbers of a task's states, as the hub has them. */
export const state = { free: 0, open: 1, closed: 2, canceled: 3, assigned: 4, failed: 5 } as const

export function isFinal(task: Task): boolean {
  return task.state === state.closed || task.state === state.canceled || task.state === state.failed
}

/** What `make_task` of the hub is given besides method and request. */
export interface TaskOptions {
  readonly owner: number
  readonly channel: string
  readonly arch?: string
  readonly priority?: number
  readonly parent?: Task
  readonly label?: string
}

/** Puts a task into the queue. */
export function makeTask(world: World, method: string, request: readonly Value[], options: TaskOptions): Task {
  const channel = world.channels.find((one) => one.name === options.channel)
  if (!channel) throw generic(`No such entry in table channels: ${options.channel}`)
  if (!channel.enabled) throw generic(`Channel ${channel.name} is disabled.`)
  const task: Task = {
    id: ++world.last.task,
    method,
    arch: options.arch ?? 'noarch',
    channelId: channel.id,
    owner: options.owner,
    parent: options.parent?.id ?? null,
    label: options.label ?? null,
    // A child goes before what waits with the same priority as its parent.
    priority: options.parent ? options.parent.priority - 1 : (options.priority ?? 20),
    request,
    createdAt: world.now(),
    state: state.free,
    hostId: null,
    startedAt: null,
    completedAt: null,
    waiting: null,
    awaited: null,
    result: null,
  }
  world.tasks.set(task.id, task)
  return task
}

export function childrenOf(world: World, id: number): Task[] {
  // The hub gives them in no order; so that nobody counts on one, the youngest comes first here.
  return [...world.tasks.values()].filter((task) => task.parent === id).toReversed()
}

/** Ends a task and all below it as cancelled, at one instant; what is over stays as it is. */
export function cancelTree(world: World, task: Task, at: Date, recurse: boolean): void {
  if (!isFinal(task)) Object.assign(task, { state: state.canceled, completedAt: at })
  if (recurse) for (const child of childrenOf(world, task.id)) cancelTree(world, child, at, true)
}

/** A task as getTaskInfo tells of it. */
export function describeTask(task: Task, withRequest: boolean): Struct {
  return {
    arch: task.arch,
    awaited: task.awaited,
    channel_id: task.channelId,
    ...moment('completion', task.completedAt),
    ...moment('create', task.createdAt),
    host_id: task.hostId,
    id: task.id,
    label: task.label,
    method: task.method,
    owner: task.owner,
    parent: task.parent,
    priority: task.priority,
    ...(withRequest ? { request: task.request } : {}),
    ...moment('start', task.startedAt),
    state: task.state,
    waiting: task.waiting,
    weight: new Float(1),
  }
}
