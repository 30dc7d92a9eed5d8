import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import { Fault, generic } from './fault.ts'
import { taskFolder } from './folders.ts'
import type { Build, Task, World } from './world.ts'

/** Name, version and release of an image, as a builder knows them. */
export interface Nvr {
  readonly name: string
  readonly version: string
  readonly release: string
}

/** What a child of an image's task told of its work. */
export interface ChildResult {
  readonly taskId: number
  readonly files: readonly string[]
  readonly logs: readonly string[]
  readonly rest: readonly string[]
  readonly rpms: readonly Value[]
}

export function nvrOf({ name, version, release }: Nvr): string {
  return `${name}-${version}-${release}`
}

export function buildFolder(top: string, { name, version, release }: Nvr): string {
  return join(top, 'packages', name, version, release)
}

/** Begins the build of an image: refused where the package is not listed (1005), or the build is there (1000). */
export function initImageBuild(world: World, task: Task, nvr: Nvr, target: string): Build {
  const destination = world.targets.find((one) => one.name === target)?.destinationTag ?? 0
  const tag = world.tags.find((one) => one.id === destination)?.name ?? ''
  if (!world.packages.has(`${tag}/${nvr.name}`))
    throw new Fault(1005, `package (image) ${nvr.name} not in list for tag ${tag}`)
  const old = world.builds.find((build) => nvrOf(build) === nvrOf(nvr) && build.state !== 3 && build.state !== 4)
  if (old) {
    const told = `'name': '${nvr.name}', 'version': '${nvr.version}', 'release': '${nvr.release}', 'epoch': 0`
    throw generic(
      `Build already exists (id=${String(old.id)}, state=${old.state === 1 ? 'COMPLETE' : 'BUILDING'}): {${told}}`,
    )
  }
  const now = world.now()
  const known = world.builds.find((one) => one.name === nvr.name)
  const packageId = known?.packageId ?? new Set(world.builds.map((one) => one.name)).size + 1
  const build: Build = {
    id: world.builds.length + 1,
    ...nvr,
    taskId: task.id,
    owner: task.owner,
    event: ++world.last.event,
    packageId,
    startedAt: now,
    createdAt: now,
    state: 0,
    completedAt: null,
    tags: [],
  }
  world.builds.push(build)
  return build
}

/** Imports what the children made: images with their checksums, and every log. */
export function completeImageBuild(world: World, top: string, build: Build, results: readonly ChildResult[]): void {
  const folder = buildFolder(top, build)
  for (const { taskId, files, logs, rest, rpms } of results) {
    for (const filename of files) {
      const place = moveAndLink(join(taskFolder(top, taskId), filename), join(folder, 'images', filename))
      const content = readFileSync(place)
      const sha256 = createHash('sha256').update(content).digest('hex')
      world.archives.push({
        id: world.archives.length + 1,
        buildId: build.id,
        filename,
        size: content.length,
        sha256,
        rpms,
      })
    }
    for (const log of [...logs, ...rest].filter((name) => name.endsWith('.log'))) {
      moveAndLink(join(taskFolder(top, taskId), log), join(folder, 'data', 'logs', 'image', log))
    }
  }
  Object.assign(build, { state: 1, completedAt: world.now() })
}

/** Moves what the children made to where scratch builds lie until they are cleaned away. */
export function moveToScratch(world: World, top: string, task: Task, results: readonly ChildResult[]): void {
  const user = world.users.find(({ id }) => id === task.owner)?.name ?? ''
  for (const { taskId, files, logs } of results) {
    const folder = join(top, 'scratch', user, `task_${String(taskId)}`)
    for (const file of [...files, ...logs]) moveAndLink(join(taskFolder(top, taskId), file), join(folder, file))
  }
}

/** The hub leaves a link where a file was, so its old address stays good until the new place is cleaned. */
function moveAndLink(from: string, to: string): string {
  mkdirSync(dirname(to), { recursive: true })
  renameSync(from, to)
  symlinkSync(relative(dirname(from), to), from)
  return to
}
