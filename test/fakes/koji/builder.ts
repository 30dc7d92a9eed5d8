import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import { completeImageBuild, initImageBuild, moveToScratch, type ChildResult, type Nvr } from './builds.ts'
import { Fault } from './fault.ts'
import { taskFolder } from './folders.ts'
import { filesOf } from './images.ts'
import { targetStruct } from './methods/directory.ts'
import { childRequest, childResult, complaintOfChild, refuseOrder, reportOf, withoutSecondKickstart } from './kojid.ts'
import { nvrOfOrder, orderOf, type Order } from './orders.ts'
import { cancelTree, childrenOf, isFinal, makeTask, state } from './tasks.ts'
import { str } from './python.ts'
import type { Build, Task, World } from './world.ts'

/** A file for a task: its bytes, or the path of one to copy. */
export type Content = Uint8Array | string | { readonly path: string }

/** What a child is to make of it. By default small files that say what they are. */
export interface Play {
  readonly image?: (name: string) => Content
  readonly log?: string
  readonly rpms?: readonly Value[]
}

/** The builder host of a fake hub: it does what kojid does with tasks, in kojid's order, when it is told to. */
export function createBuilder(world: World, top: string) {
  const running = new Map<number, { readonly order: Order; readonly nvr: Nvr; readonly build: Build | null }>()
  const results = new Map<number, ChildResult>()

  const find = (id: number): Task => {
    const task = world.tasks.get(id)
    if (!task) throw new Error(`the fake hub has no task ${String(id)}`)
    return task
  }

  const builder = {
    assign(id: number): void {
      expectState(find(id), state.free)
      Object.assign(find(id), { state: state.assigned, hostId: 1 })
    },
    /** The builder will not have it: the task is free again, and only who asks is told why. */
    refuse(id: number, why = 'ImageFactory functions not available'): void {
      expectState(find(id), state.assigned)
      world.refusals.push({ taskId: id, hostId: 1, why, at: world.now() })
      Object.assign(find(id), { state: state.free, hostId: null })
    },
    open(id: number): void {
      expectState(find(id), state.assigned)
      Object.assign(find(id), { state: state.open, startedAt: world.now() })
    },
    /** Assigned and opened, as far as it is not yet. */
    begin(id: number): void {
      if (find(id).state === state.free) builder.assign(id)
      if (find(id).state === state.assigned) builder.open(id)
    },
    /** The host was restarted or has been silent: its task is free again, with the time and files of its first start. */
    free(id: number): void {
      expectState(find(id), state.open)
      Object.assign(find(id), { state: state.free, hostId: null })
    },
    close(id: number, value: Value): void {
      finish(find(id), state.closed, { value })
    },
    fail(id: number, code: number, text: string): void {
      finish(find(id), state.failed, { code, text })
    },
    cancel(id: number): void {
      cancelTree(world, find(id), world.now(), true)
    },
    subtask(parentId: number, method: string, request: readonly Value[], label: string, arch: string): Task {
      const parent = find(parentId)
      const channel = world.channels.find((one) => one.id === parent.channelId)?.name ?? 'default'
      const child = makeTask(world, method, request, { owner: parent.owner, channel, arch, parent, label })
      child.awaited = true
      parent.waiting = true
      return child
    },
    write(id: number, name: string, content: Content): void {
      const path = join(taskFolder(top, id), name)
      mkdirSync(dirname(path), { recursive: true })
      if (typeof content === 'object' && 'path' in content) copyFileSync(content.path, path)
      else writeFileSync(path, content)
    },
    /** Adds to a log while its task runs. */
    append(id: number, name: string, text: string): void {
      mkdirSync(taskFolder(top, id), { recursive: true })
      appendFileSync(join(taskFolder(top, id), name), text)
    },

    /** Whether a task was begun as kojid does it. */
    hasStarted(id: number): boolean {
      return running.has(id)
    },

    /** Takes a task from the queue and begins it: its children are there afterwards, or it has failed. */
    start(id: number): number[] {
      const task = find(id)
      builder.begin(id)
      try {
        const order = orderOf(task)
        refuseOrder(world, order)
        const nvr = nvrOfOrder(world, task, order)
        // What osbuild makes is imported by its composer, when it is there.
        const build =
          order.scratch || task.method === 'osbuildImage' ? null : initImageBuild(world, task, nvr, order.target)
        running.set(id, { order, nvr, build })
        if (order.child.method === '') return []
        return order.arches.map((arch) => {
          const request = childRequest(world, task, order, nvr, arch)
          return builder.subtask(id, order.child.method, request, order.child.label(arch), arch).id
        })
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        builder.fail(id, error.code, error.message)
        return []
      }
    },
    /** Uploads what a child makes, while it is open. */
    upload(childId: number, play: Play = {}): ChildResult {
      const child = find(childId)
      const { order, nvr } = expectRunning(child.parent)
      builder.begin(childId)
      const buildTag = str(targetStruct(world, order.target)['build_tag_name'])
      const { images, files, logs, rest } = filesOf(child, nvr, buildTag, order.opts)
      for (const name of [...files, ...logs, ...rest]) {
        const isImage = images.includes(name)
        builder.write(childId, name, isImage ? (play.image?.(name) ?? `${name}\n`) : (play.log ?? `${name}\n`))
      }
      return { taskId: childId, files, logs, rest, rpms: play.rpms ?? [] }
    },
    /** Builds what a child is for and closes it, or fails it for what only its own builder looks at. */
    make(childId: number, play: Play = {}): void {
      const child = find(childId)
      const { order, nvr } = expectRunning(child.parent)
      builder.begin(childId)
      const complaint = complaintOfChild(child, order)
      if (complaint) {
        builder.fail(childId, complaint.code, complaint.message)
        return
      }
      const result = builder.upload(childId, play)
      results.set(childId, result)
      builder.close(childId, childResult(child, nvr, result.files, result.logs, order.scratch ? [] : result.rpms))
    },
    /** Ends a task after its children, as kojid does: imports or moves their files, tags the build, and tells where. */
    complete(id: number): void {
      const task = find(id)
      if (isFinal(task)) return
      const { order, build, nvr } = expectRunning(id)
      const children = childrenOf(world, id)
      lookAtChildren(task)
      const broken = children.filter((child) => child.state !== state.closed)
      const fatal =
        broken.find((child) => !order.mayFail(child.arch)) ??
        (broken.length === children.length ? broken[0] : undefined)
      if (fatal) {
        failFor(fatal, task, build)
        return
      }
      const made = children
        .flatMap((child) => results.get(child.id) ?? [])
        .toSorted((one, other) => one.taskId - other.taskId)
      if (build) {
        completeImageBuild(world, top, build, withoutSecondKickstart(made))
        const tag = builder.subtask(id, 'tagBuild', [3, build.id, false, null, true], 'tag', 'noarch')
        builder.begin(tag.id)
        builder.close(tag.id, null)
        build.tags.push(world.targets.find((one) => one.name === order.target)?.destinationTag ?? 0)
        lookAtChildren(task)
      } else {
        moveToScratch(world, top, task, withoutSecondKickstart(made))
      }
      builder.close(id, reportOf(order, nvr, children, build))
    },
    /** What osbuild's composer does by itself: a build with one image, whose number its task then tells. */
    importBuild(id: number, filename: string, content: Content, rpms: readonly Value[]): number {
      const task = find(id)
      const order = orderOf(task)
      const build = initImageBuild(world, task, nvrOfOrder(world, task, order), order.target)
      builder.write(id, filename, content)
      completeImageBuild(world, top, build, [{ taskId: id, files: [filename], logs: [], rest: [], rpms }])
      return build.id
    },
    /** All of it at once. */
    build(id: number, play: Play = {}): void {
      for (const child of builder.start(id)) builder.make(child, play)
      builder.complete(id)
    },
  }

  /** `host.taskWait`: children that are over are awaited no more, and their parent waits until all are. */
  function lookAtChildren(task: Task): void {
    const children = childrenOf(world, task.id)
    for (const child of children.filter(isFinal)) child.awaited = false
    if (children.every(isFinal)) task.waiting = false
  }

  function failFor(fatal: Task, task: Task, build: Build | null): void {
    for (const sibling of childrenOf(world, task.id)) cancelTree(world, sibling, world.now(), true)
    if (build) build.state = 3
    const { result } = fatal
    if (result && 'code' in result) builder.fail(task.id, result.code, result.text)
    else builder.fail(task.id, 1000, `Task ${String(fatal.id)} is canceled`)
  }

  function finish(task: Task, end: number, result: NonNullable<Task['result']>): void {
    expectState(task, state.open)
    Object.assign(task, { state: end, completedAt: world.now(), result })
  }

  function expectRunning(id: number | null) {
    const found = id === null ? undefined : running.get(id)
    if (!found) throw new Error(`task ${String(id)} was not started`)
    return found
  }

  return builder
}

export type Builder = ReturnType<typeof createBuilder>

function expectState(task: Task, wanted: number): void {
  if (task.state !== wanted)
    throw new Error(`task ${String(task.id)} is in state ${String(task.state)}, not ${String(wanted)}`)
}
