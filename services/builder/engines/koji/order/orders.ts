import { PermanentError } from '#service/errors.ts'
import type { Call } from '../rpc/call.ts'
import type { Value } from '../rpc/value.ts'
import type { KojiDescription } from './description.ts'
import type { Upload } from './upload.ts'

/** What an order is made of besides its description. */
export interface Facts {
  readonly scratch: boolean
  readonly target: string
  /** As Koji and the trees of packages call them: `i386`. */
  readonly architectures: readonly string[]
  readonly optional: readonly string[]
  /** After the name of what is built apart from the other architectures. */
  readonly suffix: string
  /** The version of the kickstart's language: `F43`. */
  readonly kickstartVersion?: string
  readonly version: string
  readonly release: string
  /** Where builders install from: the repository of the compose. */
  readonly tree: string
  /** Kept in the request, so that a task says whose it is. */
  readonly marker: string
  readonly flavour: string
  readonly upload: Upload | null
}

/** A call that orders an image, and what the hub will keep of it. */
export interface Order {
  readonly call: Call
  readonly taskMethod: string
  readonly request: readonly Value[]
  readonly permission: string
  readonly package: string | null
}

type Of<Build extends KojiDescription['build']> = Extract<KojiDescription, { build: Build }>

/** ImageFactory and Oz: the way of the feature page. */
export function orderImage(description: Of<'image'>, facts: Facts): Order {
  const { distro, format, diskGigabytes } = description
  const { architectures, optional, target } = facts
  const { name, kickstart = '' } = pick(description.flavours, facts)
  const opts = {
    ...(facts.scratch ? { scratch: true } : {}),
    format: [format],
    distro,
    disk_size: String(diskGigabytes),
    ...languageOf(facts),
    ...(facts.upload === null
      ? { ksurl: description.source ?? '', kickstart }
      : { kickstart: `work/${facts.upload.folder}/${facts.upload.name}` }),
    repo: [facts.tree],
    release: facts.release,
    // A list: of a text the builder looks for each architecture as a part of it.
    ...(optional.length > 0 ? { optional_arches: [...optional] } : {}),
    imagedrop: facts.marker,
  }
  const args = [name, facts.version, [...architectures], target, facts.tree]
  const call = { method: 'buildImageOz', args, keywords: { opts } }
  return { call, taskMethod: 'image', request: [...args, opts], permission: 'image', package: name }
}

/** livemedia-creator and appliance-creator, in the builders' chroots. */
export function orderSpin(description: Of<'appliance'> | Of<'livemedia'>, facts: Facts): Order {
  const { build } = description
  const { architectures, optional, target } = facts
  const { name, kickstart = '' } = pick<{ name: string; kickstart?: string | undefined }>(description.flavours, facts)
  const place = facts.upload === null ? kickstart : `${facts.upload.folder}/${facts.upload.name}`
  const opts: Value = {
    ...(facts.scratch ? { scratch: true } : {}),
    ...(facts.upload === null ? { ksurl: description.source ?? '' } : {}),
    ...languageOf(facts),
    repo: [facts.tree],
    release: facts.release,
    ...(build === 'appliance'
      ? { format: 'raw', vmem: description.memoryMegabytes, vcpu: 1 }
      : { install_tree_url: facts.tree, volid: pick(description.flavours, facts).volume }),
    ...(optional.length > 0 ? { optional_arches: [...optional] } : {}),
    imagedrop: facts.marker,
  }
  // An appliance is of one architecture, told as a text; live media are of several.
  const [first = ''] = architectures
  const args = [name, facts.version, build === 'appliance' ? first : [...architectures], target, place]
  const call = { method: 'buildImage', args: [...args, build], keywords: { opts } }
  return { call, taskMethod: build, request: [...args, opts], permission: build, package: name }
}

/** KIWI, from a description in source control. Its call has no options of its own: everything is a keyword. */
export function orderKiwi(description: Of<'kiwi'>, facts: Facts): Order {
  const { source, type, attributes } = description
  const { architectures, optional, target } = facts
  const { profile } = pick(description.flavours, facts)
  const kept = {
    ...(facts.scratch ? { scratch: true } : {}),
    profile,
    version: facts.version,
    release: facts.release,
    ...(optional.length > 0 ? { optional_arches: [...optional] } : {}),
    repos: [facts.tree],
    type,
    use_buildroot_repo: true,
    ...(attributes.length > 0 ? { type_attr: [...attributes] } : {}),
  }
  const args = [target, [...architectures], source, description.description]
  const call = { method: 'kiwiBuild', args, keywords: kept }
  return { call, taskMethod: 'kiwiBuild', request: [...args, kept], permission: 'image', package: null }
}

/** osbuild-composer, which imports what it makes itself, and so has no scratch builds. */
export function orderOsbuild(description: Of<'osbuild'>, facts: Facts): Order {
  if (facts.scratch) {
    throw new PermanentError(
      'environment',
      'osbuildImage has no scratch builds, so only milestones can be built with it',
    )
  }
  const { distro } = description
  const { architectures, target } = facts
  const { name, type } = pick(description.flavours, facts)
  const opts = { repo: [facts.tree], release: facts.release }
  const args = [name, facts.version, distro, type, target, [...architectures]]
  const call = { method: 'osbuildImage', args, keywords: { opts } }
  return { call, taskMethod: 'osbuildImage', request: [...args, opts], permission: 'image', package: name }
}

/** image-builder, in the builders' chroots. */
export function orderImageBuilder(description: Of<'image-builder'>, facts: Facts): Order {
  const { distro, seed } = description
  const { architectures, optional, target } = facts
  const { name, type } = pick(description.flavours, facts)
  const opts = {
    ...(facts.scratch ? { scratch: true } : {}),
    repos: [facts.tree],
    release: facts.release,
    distro,
    ...(seed === undefined ? {} : { seed }),
    ...(optional.length > 0 ? { failable_arches: [...optional] } : {}),
  }
  const args = [target, [...architectures], [type], name, facts.version]
  const call = { method: 'imageBuilderBuild', args, keywords: { opts } }
  return { call, taskMethod: 'imageBuilderBuild', request: [...args, opts], permission: 'image', package: name }
}

function pick<One extends object>(flavours: Readonly<Partial<Record<string, One>>>, { flavour, suffix }: Facts): One {
  const found = flavours[flavour]
  if (found === undefined) throw new Error(`koji.yaml has no flavour ${flavour}`)
  return 'name' in found ? { ...found, name: `${String(found.name)}${suffix}` } : found
}

function languageOf({ kickstartVersion }: Facts): { ksversion?: string } {
  return kickstartVersion === undefined ? {} : { ksversion: kickstartVersion }
}
