import type { Architecture } from '#events/vocabulary.ts'
import type { KojiHub } from '../hub/connect.ts'
import type { OutputFile } from '../hub/queries.ts'
import { isOver, taskState, wordOf, type Task } from '../hub/task.ts'
import { BadReply } from '../rpc/decode.ts'

/** A task with its children, as they are now. */
export interface TaskTree {
  readonly task: Task
  /** The child that makes the wanted image; null while there is none, or where a task makes it without children. */
  readonly own: Task | null
}

/** Reads a task and the child for an architecture; null when the hub has no such task. */
export async function readTree(
  id: number,
  architecture: Architecture,
  { queries }: KojiHub,
  signal?: AbortSignal,
): Promise<TaskTree | null> {
  const task = await queries.task(id, signal)
  if (task === null) return null
  if (task.state === taskState.free || task.state === taskState.assigned) return { task, own: null }
  const children = await queries.children(id, signal)
  const own = children.filter((child) => child.method !== 'tagBuild' && familyOf(child.arch) === familyOf(architecture))
  if (own.length > 1) throw new BadReply(`task ${String(id)} has ${String(own.length)} children for ${architecture}`)
  return { task, own: own[0] ?? null }
}

function familyOf(architecture: string): string {
  return /^i[3-6]86$/.test(architecture) ? 'i386' : architecture
}

/** How far a task has come, in steps that people know. It may go back: a builder that is restarted gives its task back. */
export function stepOf({ task, own }: TaskTree): { readonly done: number; readonly phase: string } {
  if (isOver(task)) return { done: 4, phase: `Koji has ${wordOf(task)} the task` }
  if (task.state === taskState.free) return { done: 0, phase: 'in the queue of Koji' }
  if (task.state === taskState.assigned) return { done: 1, phase: 'given to a builder of Koji' }
  if (own === null || own.state === taskState.free || own.state === taskState.assigned) {
    return { done: 1, phase: 'waits for a builder of its architecture' }
  }
  if (!isOver(own)) return { done: 2, phase: 'Koji builds' }
  return { done: 3, phase: `its image is ${wordOf(own)}, the others are not yet` }
}

/** What the builder has written until now: only that it grows shows that it lives. */
export async function readOutput(
  { task, own }: TaskTree,
  { queries }: KojiHub,
  signal?: AbortSignal,
): Promise<OutputFile[]> {
  return await queries.output((own ?? task).id, signal)
}

/** The log that tells how far a build is, by what builds it. */
const telling = /^(oz-.*|livemedia-out|appliance|image-root\..*|image-builder\..*)\.log$/

const tail = 4096

/** The last line of the log that tells how far the build is; null when there is none yet. */
export async function lastLineOf(
  child: Task,
  files: readonly OutputFile[],
  { queries }: KojiHub,
  signal?: AbortSignal,
): Promise<string | null> {
  const log = files.find(({ name, size }) => telling.test(name) && size > 0)
  if (!log) return null
  const bytes = await queries.part(child.id, log.name, Math.max(log.size - tail, 0), tail, signal)
  const lines = Buffer.from(bytes)
    .toString('utf8')
    .split(/[\r\n]+/)
  return readable(lines.findLast((line) => line.trim() !== '') ?? '')
}

/** Oz counts down to its own deadline, which says how long it has taken and not how much is left to do. */
function readable(line: string): string {
  const oz = /to finish installing, (\d+)\/(\d+)/.exec(line)
  if (oz) return `installing for ${String(Math.round((Number(oz[2]) - Number(oz[1])) / 60))} min`
  return (
    line
      .replace(/^[A-Z]+:[\w.]+:/, '')
      // eslint-disable-next-line no-control-regex
      .replaceAll(/\u001B\[[\d;]*[A-Za-z]|[\u0000-\u001F]/g, '')
      .trim()
      .slice(0, 120)
  )
}
