import { z } from 'zod'
import { NothingBuilt } from '../../engine.ts'
import type { KojiHub } from '../hub/connect.ts'
import type { Task } from '../hub/task.ts'
import type { KojiPlan } from '../order/plan.ts'
import { BadReply } from '../rpc/decode.ts'
import { taskState } from '../hub/task.ts'

/** A file at the hub, with all that is known of it before it is fetched. */
export interface RemoteFile {
  readonly name: string
  /** Below the hub's files. */
  readonly path: string
  readonly size: number
  /** Only builds that are kept have one. */
  readonly sha256: string | null
  /** Its number among the archives of its build. */
  readonly archive: number | null
}

/** What a task has made for one architecture. */
export interface Made {
  readonly image: RemoteFile
  /** Everything else that lies there: descriptions, package lists, logs. */
  readonly others: readonly RemoteFile[]
  /** Where the package list of the image is told, when it is. */
  readonly rpms: readonly unknown[]
}

/** Kinds of images that hold a whole disk, best first. */
export const suffixes = ['.raw.xz', '.qcow2', '.raw', '.iso'] as const

/** Names become names of our files, so they are looked at before anything is done with them. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9._+~-]*$/

/** Finds what a task has made. Throws NothingBuilt when its image is not there, or not there any more. */
export async function findMade(
  plan: KojiPlan,
  task: Task,
  own: Task | null,
  hub: KojiHub,
  signal?: AbortSignal,
): Promise<Made> {
  if (plan.images === 'build') return await fromBuild(plan, task, hub, signal)
  if (own === null || own.state !== taskState.closed) {
    throw new NothingBuilt(`task ${String(task.id)} has no child that built for ${plan.architecture}`)
  }
  const { files, rpmlist = [] } = await resultOf(own, hub, signal)
  const folder = `work/tasks/${String(own.id % 10_000)}/${String(own.id)}`
  const there = await hub.queries.output(own.id, signal)
  const archives = plan.scratch ? [] : await archivesOf(task, hub, signal)
  const remote = there.map(({ name, size }): RemoteFile => {
    assertPlain(name)
    const archive = archives.find(({ filename }) => filename === name)
    if (archive && archive.size !== size) {
      throw new BadReply(
        `${name} has ${String(size)} bytes as the task's output, and ${String(archive.size)} in its build`,
      )
    }
    return { name, path: `${folder}/${name}`, size, sha256: archive?.sha256 ?? null, archive: archive?.id ?? null }
  })
  for (const name of files) assertPlain(name)
  const image = chooseImage(
    remote.filter(({ name }) => files.includes(name)),
    `child ${String(own.id)}`,
  )
  return { image, others: remote.filter((one) => one !== image), rpms: rpmlist }
}

/** An image that osbuild's composer imported: it is a file of the build, and never was one of the task. */
async function fromBuild(plan: KojiPlan, task: Task, hub: KojiHub, signal?: AbortSignal): Promise<Made> {
  const result = await hub.queries.result(task.id, signal)
  const value = 'value' in result ? z.object({ koji: z.object({ build: z.int() }) }).safeParse(result.value) : null
  if (!value?.success) throw new BadReply(`task ${String(task.id)} does not say which build it made`)
  const build = await hub.queries.build(value.data.koji.build, signal)
  if (build === null)
    throw new NothingBuilt(`the build ${String(value.data.koji.build)} of task ${String(task.id)} is not there`)
  for (const part of [build.name, build.version, build.release]) assertPlain(part)
  const folder = `packages/${build.name}/${build.version}/${build.release}/images`
  const archives = await hub.queries.archives(build.id, signal)
  const remote = archives.map(({ id, filename, size, sha256 }): RemoteFile => {
    assertPlain(filename)
    return { name: filename, path: `${folder}/${filename}`, size, sha256, archive: id }
  })
  const ours = remote.filter(({ name }) => name.includes(plan.architecture) || plan.architectures.length === 1)
  const image = chooseImage(ours, `build ${String(build.id)}`)
  return { image, others: ours.filter((one) => one !== image), rpms: [] }
}

function chooseImage(files: readonly RemoteFile[], where: string): RemoteFile {
  for (const suffix of suffixes) {
    const [image, ...more] = files.filter(({ name }) => name.endsWith(suffix))
    if (more.length > 0) throw new BadReply(`${where} has several images: ${files.map(({ name }) => name).join(', ')}`)
    if (image && image.size === 0) throw new NothingBuilt(`${image.name} of ${where} is empty`)
    if (image) return image
  }
  const named = files.map(({ name }) => name).join(', ')
  throw new NothingBuilt(
    `${where} has no image: ${named === '' ? 'no files; the hub may have cleaned them away' : named}`,
  )
}

async function resultOf(own: Task, { queries }: KojiHub, signal?: AbortSignal) {
  const result = await queries.result(own.id, signal)
  const shape = z.object({ files: z.array(z.string()), rpmlist: z.array(z.unknown()).optional() })
  const value = 'value' in result ? shape.safeParse(result.value) : null
  if (value?.success) return value.data
  throw new BadReply(`child ${String(own.id)} does not say what it made`)
}

async function archivesOf(task: Task, { queries }: KojiHub, signal?: AbortSignal) {
  const build = await queries.buildOfTask(task.id, signal)
  return build === null ? [] : await queries.archives(build.id, signal)
}

function assertPlain(name: string): void {
  if (!plainName.test(name)) throw new BadReply(`the hub names a file ${JSON.stringify(name.slice(0, 100))}`)
}
