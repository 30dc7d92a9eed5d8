import { z } from 'zod'
import { NothingBuilt } from '../../engine.ts'
import { BadReply } from '../rpc/decode.ts'
import { faultCode, KojiFault } from '../rpc/faults.ts'
import type { Read } from '../rpc/reader.ts'
import type { Struct, Value } from '../rpc/value.ts'
import { task, type Task } from './task.ts'

/** How a task ended, in its own words. */
export type TaskResult = { readonly value: Value } | { readonly fault: KojiFault }

/** One file of a task's output. */
export interface OutputFile {
  readonly name: string
  readonly size: number
  readonly changedAt: number
}

/** What a build of the hub has of one file: its size, and the only checksum that Koji keeps. */
export interface Archive {
  readonly id: number
  readonly filename: string
  readonly size: number
  readonly sha256: string | null
}

/** A build that the hub keeps. */
export interface Build {
  readonly id: number
  readonly name: string
  readonly version: string
  readonly release: string
}

export interface BuildTarget {
  readonly name: string
  readonly buildTag: string
  readonly destinationTag: string
}

/** What we ask of a hub without logging in. */
export interface Queries {
  version(signal?: AbortSignal): Promise<string>
  task(id: number, signal?: AbortSignal): Promise<Task | null>
  children(id: number, signal?: AbortSignal): Promise<Task[]>
  /** Of a task that is over and was not cancelled. */
  result(id: number, signal?: AbortSignal): Promise<TaskResult>
  output(id: number, signal?: AbortSignal): Promise<OutputFile[]>
  /** Up to `size` bytes of a file from `offset` on. */
  part(id: number, file: string, offset: number, size: number, signal?: AbortSignal): Promise<Uint8Array>
  target(name: string, signal?: AbortSignal): Promise<BuildTarget | null>
  architecturesOf(tag: string, signal?: AbortSignal): Promise<string[]>
  tasks(
    filter: Struct,
    page: { readonly offset: number; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<Task[]>
  buildOfTask(id: number, signal?: AbortSignal): Promise<{ readonly id: number; readonly nvr: string } | null>
  build(id: number, signal?: AbortSignal): Promise<Build | null>
  archives(build: number, signal?: AbortSignal): Promise<Archive[]>
  packagesIn(archive: number, signal?: AbortSignal): Promise<Value[]>
  /** Whether a package may be built into a tag. */
  isListed(tag: string, name: string, signal?: AbortSignal): Promise<boolean>
  /** Why builders would not have a task; empty where the hub does not tell. */
  refusals(id: number, signal?: AbortSignal): Promise<string[]>
}

/** More children than any image has architectures: a tree that has no end is not followed. */
const mostChildren = 200

/** Puts the questions to a hub, and refuses answers that are not what they should be. */
export function createQueries(read: Read): Queries {
  /** Of files that have been cleaned away links are left, over which the hub stumbles. */
  async function readOutput(id: number, signal?: AbortSignal): Promise<Value> {
    try {
      return await read({ method: 'listTaskOutput', args: [id], keywords: { stat: true } }, signal)
    } catch (error) {
      if (!(error instanceof KojiFault && /FileNotFoundError/.test(error.message))) throw error
      throw new NothingBuilt(`the hub has cleaned away what task ${String(id)} made`, { cause: error })
    }
  }

  return {
    async version(signal) {
      return parse(z.string(), await read({ method: 'getKojiVersion', args: [] }, signal), 'getKojiVersion')
    },
    async task(id, signal) {
      const answer = await read({ method: 'getTaskInfo', args: [id] }, signal)
      return answer === null ? null : expectTask(parse(task, answer, `getTaskInfo(${String(id)})`), id)
    },
    async children(id, signal) {
      const answer = await read({ method: 'getTaskChildren', args: [id] }, signal)
      const children = parse(z.array(task).max(mostChildren), answer, `getTaskChildren(${String(id)})`)
      const stray = children.find((child) => child.parent !== id || child.id === id)
      if (stray)
        throw new BadReply(`task ${String(stray.id)} is told to be a child of ${String(id)} and says otherwise`)
      return children
    },
    async result(id, signal) {
      // Asked so, the fault of the task is told apart from one of the hub.
      const answer = await read({ method: 'getTaskResult', args: [id], keywords: { raise_fault: false } }, signal)
      const fault = z.object({ faultCode: z.int(), faultString: z.string() }).safeParse(answer)
      return fault.success ? { fault: new KojiFault(fault.data.faultCode, fault.data.faultString) } : { value: answer }
    },
    async output(id, signal) {
      const answer = await readOutput(id, signal)
      // Without a single file the hub gives a list instead.
      const files =
        Array.isArray(answer) && answer.length === 0 ? {} : parse(outputs, answer, `listTaskOutput(${String(id)})`)
      return Object.entries(files).map(([name, { st_size, st_mtime }]) => ({
        name,
        size: st_size,
        changedAt: st_mtime,
      }))
    },
    async part(id, file, offset, size, signal) {
      const answer = await read({ method: 'downloadTaskOutput', args: [id, file, offset, size] }, signal)
      const bytes = Buffer.from(parse(base64, answer, `downloadTaskOutput(${String(id)}, ${file})`), 'base64')
      if (bytes.length > size)
        throw new BadReply(`${String(bytes.length)} bytes of ${file}, where ${String(size)} were asked for`)
      return bytes
    },
    async target(name, signal) {
      const answer = await read({ method: 'getBuildTarget', args: [name] }, signal)
      if (answer === null) return null
      const found = parse(buildTarget, answer, `getBuildTarget(${name})`)
      return { name, buildTag: found.build_tag_name, destinationTag: found.dest_tag_name }
    },
    async architecturesOf(tag, signal) {
      const answer = await read({ method: 'getBuildConfig', args: [tag] }, signal)
      const { arches } = parse(z.object({ arches: z.string().nullable() }), answer, `getBuildConfig(${tag})`)
      return (arches ?? '').split(/\s+/).filter((one) => one !== '')
    },
    async tasks(filter, page, signal) {
      const keywords = { opts: { ...filter, decode: true }, queryOpts: { order: 'id', ...page } }
      return parse(z.array(task), await read({ method: 'listTasks', args: [], keywords }, signal), 'listTasks')
    },
    async buildOfTask(id, signal) {
      const answer = await read({ method: 'listBuilds', args: [], keywords: { taskID: id } }, signal)
      const [build] = parse(
        z.array(z.object({ build_id: z.int(), nvr: z.string() })),
        answer,
        `listBuilds(${String(id)})`,
      )
      return build ? { id: build.build_id, nvr: build.nvr } : null
    },
    async build(id, signal) {
      const answer = await read({ method: 'getBuild', args: [id] }, signal)
      return answer === null ? null : parse(build, answer, `getBuild(${String(id)})`)
    },
    async archives(build, signal) {
      const answer = await read({ method: 'listArchives', args: [build] }, signal)
      return parse(z.array(archive), answer, `listArchives(${String(build)})`).map(
        ({ id, filename, size, ...sum }) => ({
          id,
          filename,
          size,
          sha256: sum.checksum_type === sha256Type ? sum.checksum : null,
        }),
      )
    },
    async packagesIn(archive, signal) {
      const answer = await read({ method: 'listRPMs', args: [], keywords: { imageID: archive } }, signal)
      return parse(z.array(z.unknown()), answer, `listRPMs(imageID=${String(archive)})`) as Value[]
    },
    async isListed(tag, name, signal) {
      const answer = await read({ method: 'getPackageConfig', args: [tag, name] }, signal)
      return (
        answer !== null &&
        !parse(z.object({ blocked: z.boolean() }), answer, `getPackageConfig(${tag}, ${name})`).blocked
      )
    },
    async refusals(id, signal) {
      try {
        const answer = await read({ method: 'scheduler.getTaskRefusals', args: [[['task_id', id]]] }, signal)
        return parse(z.array(z.object({ msg: z.string() })), answer, 'getTaskRefusals').map(({ msg }) => msg)
      } catch (error) {
        // Hubs of before 1.33 have no such method.
        if (error instanceof KojiFault && error.faultCode === faultCode.generic) return []
        throw error
      }
    },
  }
}

/** Koji's number for SHA-256 among its kinds of checksums. */
const sha256Type = 2

/** The size is text: XML-RPC has no integers for large files. */
const size = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
])
const outputs = z.record(z.string(), z.object({ st_size: size, st_mtime: z.number() }))
const base64 = z.string().regex(/^[A-Za-z0-9+/\s]*={0,2}\s*$/)
const buildTarget = z.object({ build_tag_name: z.string(), dest_tag_name: z.string() })
const build = z.object({ id: z.int(), name: z.string(), version: z.string(), release: z.string() })
const archive = z.object({
  id: z.int(),
  filename: z.string(),
  size: z.int().min(0),
  checksum: z.string().nullable(),
  checksum_type: z.int().nullable(),
})

function expectTask(found: Task, id: number): Task {
  if (found.id !== id) throw new BadReply(`task ${String(found.id)} in answer to a question about task ${String(id)}`)
  return found
}

function parse<Schema extends z.ZodType>(schema: Schema, answer: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new BadReply(`${what} is not what it should be: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
}
