import type { Struct, Value } from '../../../../services/builder/engines/koji/rpc/value.ts'
import { generic, notAllowed, unexpected } from '../fault.ts'
import { check, toInt, truthy, typeOf, str } from '../python.ts'
import { imageBuilderSchema, osbuildSchema, validate } from '../schemas.ts'
import { assertPermission, hasPermission, type Scene } from '../sessions.ts'
import { makeTask, type TaskOptions } from '../tasks.ts'

/** The calls that order an image. What the real hub lets through is let through here; it fails later, at the builder. */
export const submitMethods = {
  buildImageOz(scene: Scene, { name, version, arches, target, inst_tree, opts, priority }: Struct): Value {
    for (const one of [name, inst_tree, version]) check(one, 'str')
    assertPermission(scene, 'image')
    const request = [name, version, arches, target, inst_tree, opts ?? null] as Value[]
    return submit(scene, 'image', request, { channel: 'image', ...priorityOf(scene, priority) })
  },

  buildImage(scene: Scene, { name, version, arch, target, ksfile, img_type, opts, priority }: Struct): Value {
    if (!['livecd', 'appliance', 'livemedia'].includes(str(img_type))) {
      throw generic(`Unrecognized image type: ${str(img_type)}`)
    }
    for (const one of [name, ksfile, version]) check(one, 'str')
    const type = str(img_type)
    assertPermission(scene, type)
    const request = [name, version, arch, target, ksfile, opts ?? null] as Value[]
    const one = Array.isArray(arch) && arch.length === 1 ? arch[0] : arch
    const taskArch = type === 'livemedia' ? 'noarch' : String(one)
    return submit(scene, type, request, { channel: type, arch: taskArch, ...priorityOf(scene, priority) })
  },

  kiwiBuild(scene: Scene, given: Struct): Value {
    const { target, arches, desc_url, desc_path, optional_arches, priority, repos, type_attr } = given
    assertPermission(scene, 'image')
    for (const name of ['desc_url', 'desc_path', 'profile', 'version', 'release', 'repo_releasever']) {
      if (given[name] !== null && given[name] !== undefined) check(given[name], 'str')
    }
    if (truthy(repos)) check(repos, 'list')
    if (truthy(type_attr)) check(type_attr, 'list')
    if (truthy(given['result_bundle_name_format'])) check(given['result_bundle_name_format'], 'str')
    if (!scene.world.targets.some((one) => one.name === target)) throw generic(`No such build target: ${str(target)}`)
    const optional = optional_arches === null || optional_arches === undefined ? null : parseArches(optional_arches)
    const kept: Record<string, Value> = {}
    const keep = (name: string, value: Value | undefined) => {
      if (truthy(value)) kept[name] = value ?? null
    }
    keep('scratch', truthy(given['scratch']))
    for (const name of ['profile', 'version', 'release']) keep(name, given[name])
    keep('optional_arches', optional)
    keep('repos', repos)
    keep('repo_releasever', given['repo_releasever'])
    keep('make_prep', truthy(given['make_prep']))
    keep('type', given['type'])
    keep('use_buildroot_repo', given['use_buildroot_repo'] === undefined || truthy(given['use_buildroot_repo']))
    keep('type_attr', type_attr)
    keep('result_bundle_name_format', given['result_bundle_name_format'])
    const request = [target, parseArches(arches), desc_url, desc_path, kept] as Value[]
    const raised = truthy(priority) ? priorityOf(scene, toInt(priority)) : {}
    return submit(scene, 'kiwiBuild', request, { channel: 'image', ...raised })
  },

  osbuildImage(scene: Scene, { name, version, distro, image_type, target, arches, opts, priority }: Struct): Value {
    assertPermission(scene, 'image')
    validate([name, version, distro, image_type, target, arches, opts ?? null] as Value[], osbuildSchema)
    priorityOf(scene, priority)
    const type = Array.isArray(image_type) ? image_type[0] : image_type
    // The plugin forgets the priority after it has checked it.
    const request = [name, version, distro, type, target, arches, opts] as Value[]
    return submit(scene, 'osbuildImage', request, { channel: 'image' })
  },

  imageBuilderBuild(scene: Scene, { target, arches, types, name, version, opts, priority }: Struct): Value {
    assertPermission(scene, 'image')
    const request = [target, arches, types, name, version, opts ?? {}] as Value[]
    validate(request, imageBuilderSchema)
    priorityOf(scene, priority)
    return submit(scene, 'imageBuilderBuild', request, { channel: 'image' })
  },
}

function submit(scene: Scene, method: string, request: readonly Value[], options: Omit<TaskOptions, 'owner'>): Value {
  const owner = scene.session?.userId ?? 0
  const task = makeTask(scene.world, method, request, { ...options, owner })
  scene.wrote = true
  return task.id
}

/** Priorities are told relative to 20. */
function priorityOf(scene: Scene, priority: Value | undefined): { priority?: number } {
  if (!truthy(priority)) return {}
  if (typeof priority !== 'number') {
    throw unexpected('TypeError', `'<' not supported between instances of '${typeOf(priority)}' and 'int'`)
  }
  if (priority < 0 && !hasPermission(scene, 'admin')) throw notAllowed('only admins may create high-priority tasks')
  return { priority: 20 + priority }
}

function parseArches(arches: Value | undefined): string[] {
  if (arches === null || arches === undefined) {
    throw unexpected('AttributeError', "'NoneType' object has no attribute 'split'")
  }
  const list = (Array.isArray(arches) ? arches.map(String).join(' ') : str(arches))
    .split(/\s+/)
    .filter((one) => one !== '')
  for (const one of list) {
    if (!/^[a-zA-Z0-9_-]+$/.test(one)) throw generic('Architecture can be only [a-zA-Z0-9_-]')
  }
  return list
}
