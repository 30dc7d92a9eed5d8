import { isStruct, type Struct, type Value } from '../../../../services/builder/engines/koji/rpc/value.ts'
import type { Hub } from '../hub.ts'
import { isFinal, state } from '../tasks.ts'
import { str } from '../python.ts'
import type { Task } from '../world.ts'

/** How tasks of the recordings ended, by their ids: what becomes of them is not the hub's to know beforehand. */
export interface Endings {
  readonly results: ReadonlyMap<number, { readonly value: Value } | { readonly code: number; readonly text: string }>
  readonly states: ReadonlyMap<number, number>
  /** Those that were open at some time. */
  readonly opened: ReadonlySet<number>
  readonly parents: ReadonlyMap<number, number>
}

/**
 * Brings tasks to where a recorded reply shows them, by what a builder may do with a task and nothing else. Their
 * descriptions, children, files and results must then come out of the hub by themselves.
 */
export function bringTasksTo(hub: Hub, reply: Value, endings: Endings, byHand = false): void {
  const shown = tasksIn(reply).toSorted((one, other) => Number(one['id']) - Number(other['id']))
  for (const struct of shown) if (!hub.world.tasks.has(Number(struct['id']))) introduce(hub, struct)
  // Children first: their parent ends after them.
  for (const struct of shown.toReversed()) {
    const task = hub.world.tasks.get(Number(struct['id']))
    if (!task) continue
    if (byHand && Number(struct['state']) === state.open && task.state === state.free) openOnly(hub, task)
    else bringTo(hub, task, Number(struct['state']), endings)
  }
}

/** Every struct of a reply that describes a task. */
export function tasksIn(value: Value): Struct[] {
  if (Array.isArray(value)) return (value as readonly Value[]).flatMap(tasksIn)
  if (!isStruct(value)) return []
  if ('create_ts' in value && 'channel_id' in value) return [value]
  return Object.values(value).flatMap((one) => (one === undefined ? [] : tasksIn(one)))
}

/** A task that was made before, or beside, what was recorded. */
function introduce({ world, builder }: Hub, struct: Struct): void {
  const id = Number(struct['id'])
  const parent = world.tasks.get(Number(struct['parent']))
  if (parent && parent.state !== state.closed) {
    world.last.task = id - 1
    if ((parent.state === state.free || parent.state === state.assigned) && struct['label'] !== 'tag')
      builder.start(parent.id)
    if (world.tasks.has(id)) return
  }
  const known = [...world.tasks.values()].find((task) => task.id !== id && task.parent === null)
  world.tasks.set(id, {
    id,
    method: str(struct['method']),
    arch: str(struct['arch']),
    channelId: Number(struct['channel_id']),
    owner: Number(struct['owner']),
    parent: (struct['parent'] ?? null) as number | null,
    label: (struct['label'] ?? null) as string | null,
    priority: Number(struct['priority']),
    request: Array.isArray(struct['request']) ? (struct['request'] as readonly Value[]) : (known?.request ?? []),
    createdAt: world.now(),
    ...(struct['parent'] === null || parent ? unbegun : toldOf(struct, world.now())),
    waiting: null,
    awaited: (struct['awaited'] ?? null) as boolean | null,
    result: null,
  })
}

const unbegun = { state: state.free, hostId: null, startedAt: null, completedAt: null }

/** A child whose parent was not recorded has had its history already. */
function toldOf(struct: Struct, now: Date): Pick<Task, keyof typeof unbegun> {
  const time = (name: string) => (struct[name] === null ? null : now)
  return {
    state: Number(struct['state']),
    hostId: (struct['host_id'] ?? null) as number | null,
    startedAt: time('start_ts'),
    completedAt: time('completion_ts'),
  }
}

/** Leads one task to a state as a builder would. */
export function bringTo(hub: Hub, task: Task, wanted: number, endings: Endings): void {
  const { builder } = hub
  if (task.state === wanted || isFinal(task)) return
  const isChild = task.parent !== null
  if (wanted === state.canceled) {
    if (endings.opened.has(task.id)) bringTo(hub, task, state.open, endings)
    builder.cancel(task.id)
  } else if (wanted === state.free) {
    if (task.state === state.open) builder.free(task.id)
    else builder.refuse(task.id)
  } else if (wanted === state.assigned) {
    builder.assign(task.id)
  } else if (wanted === state.open) {
    if (isChild) openOnly(hub, task)
    else builder.start(task.id)
  } else {
    end(hub, task, endings)
  }
}

/** A task that somebody is going to cancel, as far as it had come by then. */
export function bringBeforeCancel(hub: Hub, id: number, endings: Endings): void {
  const { world } = hub
  const parent = world.tasks.get(endings.parents.get(id) ?? 0)
  if (!world.tasks.has(id) && parent) bringTo(hub, parent, state.open, endings)
  const task = world.tasks.get(id)
  if (task && endings.opened.has(id)) bringTo(hub, task, state.open, endings)
  for (const [child, of] of endings.parents) {
    const known = world.tasks.get(child)
    if (of === id && known && endings.opened.has(child)) bringTo(hub, known, state.open, endings)
  }
}

function openOnly({ builder }: Hub, task: Task): void {
  if (task.state === state.open) return
  builder.begin(task.id)
}

/** Ends a task, and its children first. */
export function end(hub: Hub, task: Task, endings: Endings): void {
  const { builder, world } = hub
  if (isFinal(task)) return
  const result = endings.results.get(task.id)
  if (task.parent !== null) {
    const own = result ?? endings.results.get(task.parent)
    if (own && 'code' in own && endings.states.get(task.id) === state.failed) {
      openOnly(hub, task)
      builder.fail(task.id, own.code, own.text)
    } else {
      builder.make(task.id)
    }
    return
  }
  if (task.state === state.free || task.state === state.assigned) builder.start(task.id)
  // It may have failed before it had any child.
  if (world.tasks.get(task.id)?.completedAt) return
  if (task.method === 'osbuildImage') {
    builder.close(task.id, result && 'value' in result ? result.value : null)
    return
  }
  for (const child of [...world.tasks.values()].filter((one) => one.parent === task.id)) {
    if (endings.states.get(child.id) === state.canceled && endings.opened.has(child.id)) openOnly(hub, child)
    if (endings.states.get(child.id) !== state.canceled) end(hub, child, endings)
  }
  builder.complete(task.id)
}
