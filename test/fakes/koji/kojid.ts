import type { Struct, Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import type { ChildResult, Nvr } from './builds.ts'
import { Fault } from './fault.ts'
import { ozFormats } from './images.ts'
import { tagStruct, targetStruct } from './methods/directory.ts'
import type { Order } from './orders.ts'
import { str } from './python.ts'
import type { Build, Task, World } from './world.ts'

/** What kojid refuses before it makes any child. */
export function refuseOrder(world: World, { target, arches, version, release }: Order): void {
  const found = targetStruct(world, target)
  const known = world.tags.find((tag) => tag.id === found['build_tag'])?.arches.split(' ') ?? []
  const strange = arches.find((arch) => !known.includes(arch))
  if (strange !== undefined) throw new Fault(1005, `Invalid arch for build tag: ${strange}`)
  if (version.includes('-')) throw new Fault(1018, 'The Version may not have a hyphen')
  if (release?.includes('-')) throw new Fault(1018, 'The Release may not have a hyphen')
}

/** What only the builder of the image itself looks at. */
export function complaintOfChild({ method }: Task, { opts }: Order): Fault | null {
  if (method !== 'createImage') return null
  const formats = Array.isArray(opts['format']) ? (opts['format'] as readonly Value[]).map(String) : []
  const strange = formats.find((format) => !ozFormats.has(format))
  if (strange !== undefined) return new Fault(1018, `Invalid format: ${strange}`)
  const distro = typeof opts['distro'] === 'string' ? opts['distro'] : ''
  if (!/^(RHEL|Fedora|CentOS|SL)/.test(distro)) return new Fault(1005, `Unknown or supported distro given: ${distro}`)
  return null
}

/** The request of a child: everything that its builder needs to know. */
export function childRequest(
  world: World,
  task: Task,
  order: Order,
  { name, version, release }: Nvr,
  arch: string,
): Value[] {
  const target = targetStruct(world, order.target)
  const repo = { id: 1, create_event: 1, state: 1, dist: false }
  const common = [name, version, release === 'None' ? null : release, arch]
  switch (task.method) {
    case 'image':
      return [
        ...common,
        target,
        target['build_tag'] ?? null,
        repo,
        str(task.request[4]).replace('$arch', arch),
        order.opts,
      ]
    case 'kiwiBuild':
      return [
        ...common,
        target,
        target['build_tag'] ?? null,
        repo,
        task.request[2] ?? null,
        task.request[3] ?? null,
        order.opts,
      ]
    case 'imageBuilderBuild': {
      const tag = world.tags.find((one) => one.id === target['build_tag'])
      const config = tag ? { ...tagStruct(tag), extra: {}, config_inheritance: { extra: {}, arches: null } } : null
      return [...common, task.request[2] ?? null, target, config, repo, order.opts]
    }
    default:
      return [...common, target, target['build_tag'] ?? null, repo, task.request[4] ?? null, order.opts]
  }
}

/** What a child tells of its work; each kind in its own order and with its own extras. */
export function childResult(
  { id, arch, method }: Task,
  { name, version, release }: Nvr,
  files: readonly string[],
  logs: readonly string[],
  rpms: readonly Value[],
): Struct {
  const nvr = { name, version, release: release === 'None' ? null : release }
  if (method === 'createAppliance') return { arch, rootdev: '/', task_id: id, logs, ...nvr, files }
  if (method === 'createLiveMedia') return { arch, files, rootdev: null, task_id: id, logs, ...nvr }
  return { arch, task_id: id, logs, ...nvr, rpmlist: rpms, files }
}

/** Of children that all have the same kickstart one keeps it: it can be imported once only. */
export function withoutSecondKickstart(results: readonly ChildResult[]): ChildResult[] {
  const seen = new Set<string>()
  return results.map((result) => {
    const files = result.files.filter((file) => {
      const again = seen.has(file)
      seen.add(file)
      return !again
    })
    return { ...result, files }
  })
}

/** The one line that a task gives for its result. */
export function reportOf(
  { scratch, says }: Order,
  { name, version, release }: Nvr,
  children: readonly Task[],
  build: Build | null,
): string {
  const folders = children
    .filter((child) => child.label !== 'tag')
    .map(({ id }) => id)
    .toSorted((one, other) => one - other)
    .map((id) => `/mnt/koji/work/tasks/${String(id % 10_000)}/${String(id)}`)
  if (scratch || !build) return `Scratch ${says} build results in: ${folders.join(', ')}`
  return `${says} build results in: /mnt/koji/packages/${name}/${version}/${release}/images`
}
