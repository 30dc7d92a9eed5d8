import { readdirSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { Float, type Struct, type Value } from '../../../../services/builder/engines/koji/rpc/value.ts'
import { Fault, generic } from '../fault.ts'
import { repr, truthy, str } from '../python.ts'
import { callerOf, hasPermission, type Scene } from '../sessions.ts'
import { moment } from '../time.ts'
import { buildFolder, nvrOf } from '../builds.ts'
import type { Build, Tag, World } from '../world.ts'

/** What the hub tells of itself, its users, tags, hosts and builds. */
export function directoryMethods(top: string) {
  return {
    getAPIVersion: () => 1,
    getKojiVersion: () => '1.35.3',
    hello: () => 'Hello World',
    echo: (_: Scene, { args = [] }: Struct): Value => args,
    error(): Value {
      throw generic('test error')
    },
    fault(): Value {
      throw new Fault(1, "<class 'Exception'>: test exception")
    },

    getLoggedInUser(scene: Scene): Value {
      const user = callerOf(scene)
      if (!user) return null
      const { id, name } = user
      return { ...userStruct(id, name), authtype: scene.session?.authtype ?? 0, krb_principal: null }
    },
    getUser({ world }: Scene, { userInfo }: Struct): Value {
      const user = world.users.find(({ id, name }) => id === userInfo || name === userInfo)
      return user ? userStruct(user.id, user.name) : null
    },
    getPerms: (scene: Scene): Value => [...(callerOf(scene)?.permissions ?? [])].toSorted(),
    hasPerm: (scene: Scene, { perm }: Struct): Value => hasPermission(scene, str(perm)),

    getSessionInfo({ session }: Scene, { details }: Struct): Value {
      if (!session) return null
      const { authtype, callnum, expired, master } = session
      return {
        authtype,
        callnum,
        exclusive: session.exclusive ? true : null,
        expired,
        master,
        ...moment('renew', session.renewedAt),
        ...moment('start', session.startedAt),
        ...moment('update', session.updatedAt),
        user_id: session.userId,
        ...(truthy(details) ? { hostip: session.hostip, id: session.id } : {}),
      }
    },

    getBuildTarget({ world }: Scene, { info, strict }: Struct): Value {
      const target = world.targets.find(({ id, name }) => id === info || name === info)
      if (!target && truthy(strict)) throw generic(`No such build target: ${str(info)}`)
      return target ? targetStruct(world, target.name) : null
    },
    getTag({ world }: Scene, { tagInfo, strict }: Struct): Value {
      const tag = findTag(world, tagInfo)
      if (!tag && truthy(strict)) throw generic(`No such tagInfo: ${repr(tagInfo)}`)
      return tag ? { ...tagStruct(tag), extra: {} } : null
    },
    getBuildConfig({ world }: Scene, { tag: given }: Struct): Value {
      const tag = findTag(world, given)
      if (!tag) throw generic(`No such tagInfo: ${repr(given)}`)
      return { ...tagStruct(tag), extra: {}, config_inheritance: { arches: null, extra: {} } }
    },
    getPackageConfig({ world }: Scene, { tag, pkg }: Struct): Value {
      const found = findTag(world, tag)
      return found && world.packages.has(`${found.name}/${str(pkg)}`)
        ? { package_name: str(pkg), blocked: false }
        : null
    },

    getHost({ world }: Scene, { hostInfo }: Struct): Value {
      const host = world.hosts.find(({ id, name }) => id === hostInfo || name === hostInfo)
      return host ? hostStruct(world, host.id) : null
    },
    listHosts: ({ world }: Scene): Value => world.hosts.slice(0, 1).map(({ id }) => hostStruct(world, id)),
    listBuildroots: (): Value => [],

    getNextRelease({ world }: Scene, { build_info: info }: Struct): Value {
      const { name, version } = info as Struct
      return nextRelease(world, str(name), str(version))
    },
    listBuilds({ world }: Scene, { taskID }: Struct): Value {
      return world.builds
        .filter((build) => taskID === undefined || build.taskId === taskID)
        .map((build) => buildStruct(world, build))
    },
    getBuild({ world }: Scene, { buildInfo }: Struct): Value {
      const build = findBuild(world, buildInfo)
      return build ? { ...buildStruct(world, build), cg_id: null, id: build.id, cg_name: null } : null
    },
    getImageBuild: ({ world }: Scene, { buildInfo }: Struct): Value => {
      const build = findBuild(world, buildInfo)
      return build ? { build_id: build.id } : null
    },
    listTags({ world }: Scene, { build: given }: Struct): Value {
      const tags = findBuild(world, given)?.tags ?? []
      return world.tags.filter(({ id }) => tags.includes(id)).map(tagStruct)
    },
    listArchives: ({ world }: Scene, { buildID }: Struct): Value => {
      const archives = world.archives.filter((archive) => archive.buildId === buildID)
      return archives.toReversed().map((archive) => ({
        btype: 'image',
        btype_id: 4,
        build_id: archive.buildId,
        buildroot_id: null,
        checksum: archive.sha256,
        checksum_type: 2,
        compression_type: null,
        extra: null,
        filename: archive.filename,
        id: archive.id,
        metadata_only: false,
        size: archive.size,
        ...typeStruct(archive.filename),
      }))
    },
    listRPMs: ({ world }: Scene, { imageID }: Struct): Value =>
      world.archives.find(({ id }) => id === imageID)?.rpms ?? [],
    getBuildLogs({ world }: Scene, { build: given }: Struct): Value {
      const build = findBuild(world, given)
      if (!build) throw generic(`No such build: ${str(given)}`)
      const folder = join('data', 'logs', 'image')
      const place = join(buildFolder(top, build), folder)
      const names = existsSync(place) ? readdirSync(place) : []
      const path = `packages/${build.name}/${build.version}/${build.release}/${folder}`
      return names.map((name) => ({ name, dir: 'image', path: `${path}/${name}` }))
    },
  }
}

/** The release that a build without one gets: the last one's, counted on. Builds that failed or were cancelled do not count. */
export function nextRelease(world: World, name: string, version: string): string {
  const last = world.builds.findLast((one) => one.name === name && one.version === version && one.state < 3)
  if (!last) return '1'
  const parts = last.release.split('.')
  const counts = /^\d+$/
  const place = parts.length < 3 ? 0 : 2
  if (parts.length > 3 || !counts.test(parts[place] ?? '')) {
    throw new Fault(1005, `Unable to increment release value: ${last.release}`)
  }
  return parts.map((part, index) => (index === place ? String(Number(part) + 1) : part)).join('.')
}

export function targetStruct(world: World, name: string): Struct {
  const target = world.targets.find((one) => one.name === name)
  if (!target) throw generic(`No such build target: ${name}`)
  const nameOf = (id: number) => world.tags.find((tag) => tag.id === id)?.name ?? ''
  return {
    build_tag: target.buildTag,
    build_tag_name: nameOf(target.buildTag),
    dest_tag: target.destinationTag,
    dest_tag_name: nameOf(target.destinationTag),
    id: target.id,
    name,
  }
}

function userStruct(id: number, name: string): Struct {
  return { id, name, status: 0, usertype: 0, krb_principals: [] }
}

function findTag(world: World, given: Value | undefined): Tag | undefined {
  return world.tags.find(({ id, name }) => id === given || name === given)
}

export function tagStruct({ id, name, arches }: Tag): Struct {
  return { arches, id, locked: false, maven_include_all: false, maven_support: false, name, perm: null, perm_id: null }
}

function hostStruct(world: World, id: number): Struct {
  const host = world.hosts.find((one) => one.id === id)
  if (!host) throw generic(`No such host: ${String(id)}`)
  return {
    arches: host.arches,
    capacity: new Float(20),
    comment: null,
    description: null,
    enabled: true,
    id,
    name: host.name,
    ready: true,
    task_load: new Float(0),
    update_ts: new Float(world.now().getTime() / 1000),
    user_id: host.userId,
  }
}

function findBuild(world: World, given: Value | undefined): Build | undefined {
  return world.builds.find((build) => build.id === given || nvrOf(build) === given)
}

function buildStruct(world: World, build: Build): Struct {
  const owner = world.users.find(({ id }) => id === build.owner)?.name ?? ''
  return {
    build_id: build.id,
    ...moment('completion', build.completedAt),
    creation_event_id: build.event,
    ...moment('creation', build.createdAt),
    draft: false,
    epoch: 0,
    extra: null,
    name: build.name,
    nvr: nvrOf(build),
    owner_id: build.owner,
    owner_name: owner,
    package_id: build.packageId,
    package_name: build.name,
    promoter_id: null,
    promoter_name: null,
    ...moment('promotion', null),
    release: build.release,
    source: null,
    ...moment('start', build.startedAt),
    state: build.state,
    task_id: build.taskId,
    version: build.version,
    volume_id: 0,
    volume_name: 'DEFAULT',
  }
}

function typeStruct(filename: string): Struct {
  const [, name, id, extensions, description] =
    types.find(([pattern]) => pattern.test(filename)) ?? ([/^/, 'other', 0, '', 'Other file'] as const)
  return { type_description: description, type_extensions: extensions, type_id: id, type_name: name }
}

const types = [
  [/\.xml$/, 'xml', 5, 'xml', 'XML file'],
  [/\.qcow2$/, 'qcow2', 21, 'qcow2', 'QCOW2 image'],
  [/\.raw\.xz$/, 'raw-xz', 45, 'raw.xz', 'xz compressed raw disk image'],
  [/\.ks$/, 'ks', 24, 'ks', 'Kickstart'],
  [/\.raw$/, 'raw', 20, 'raw', 'Raw disk image'],
  [/\.iso$/, 'iso', 23, 'iso', 'CD/DVD Image'],
] as const
