import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildPlan, Description } from '../../engine.ts'
import { wordOf, type Task } from '../hub/task.ts'
import type { KojiPlan } from '../order/plan.ts'

/** What was asked of the hub, the tasks that came of it, and what their builder says that it worked by. */
export function describeOrder(
  { call, upload }: KojiPlan,
  { task, own }: { readonly task: Task; readonly own: Task | null },
  texts: readonly Description[],
): Description[] {
  return [
    { name: `Koji: ${call.method}`, text: JSON.stringify({ args: call.args, ...call.keywords }, null, 2) },
    ...(upload === null ? [] : [{ name: upload.name, text: upload.content }]),
    { name: 'Koji: tasks', text: [task, ...(own === null ? [] : [own])].map(describeTask).join('\n') },
    ...texts,
  ]
}

function describeTask({ id, method, arch, label, parent, state }: Task): string {
  const below = parent === null ? '' : `, a child of ${String(parent)}`
  return `${String(id)} ${method} for ${arch}${label ? ` (${label})` : ''}${below}: ${wordOf({ state })}`
}

/** Keeps a description with the disk of its build, until that is collected. */
export async function keepDescription(
  plan: Pick<BuildPlan, 'disk'>,
  description: readonly Description[],
): Promise<void> {
  await writeFile(fileOf(plan), JSON.stringify(description))
}

/** The description that was kept with the disk. */
export async function keptDescription(plan: Pick<BuildPlan, 'disk'>): Promise<Description[]> {
  return JSON.parse(await readFile(fileOf(plan), 'utf8')) as Description[]
}

function fileOf({ disk }: Pick<BuildPlan, 'disk'>): string {
  return join(disk, '..', 'description.json')
}
