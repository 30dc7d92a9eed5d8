import { join } from 'node:path'
import { imageKey, type Architecture, type ComposeRef } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { answersOf, NotDescribed, RecipeRefused } from '../../../recipe.ts'
import type { BuildPlan, BuildRequest, EngineFolders } from '../../engine.ts'
import { listedKickstart } from '../../installer/kickstart.ts'
import { treeArchitectures } from '../../installer/packages-of.ts'
import type { Call } from '../rpc/call.ts'
import type { Value } from '../rpc/value.ts'
import { isKickstarted, readKojiDescription, type KojiDescription } from './description.ts'
import { orderImage, orderImageBuilder, orderKiwi, orderOsbuild, orderSpin, type Facts, type Order } from './orders.ts'
import { assertUnattended } from './unattended.ts'
import { uploadOf, type Upload } from './upload.ts'

/** Everything that is asked of a hub for one image, before it is asked. */
export interface KojiPlan extends BuildPlan {
  readonly call: Call
  /** Of the task that comes of it, and its request as the hub keeps it: by these it is found again. */
  readonly taskMethod: string
  readonly request: readonly Value[]
  readonly upload: Upload | null
  readonly target: string
  /** All that the task builds, and the one that is wanted here. */
  readonly architectures: readonly Architecture[]
  readonly architecture: Architecture
  readonly permission: string
  /** The package that must be listed for a build that is kept; null where only the builder knows its name. */
  readonly package: string | null
  readonly scratch: boolean
  /** Images are files of the task's children, or of the build that somebody else imports. */
  readonly images: 'children' | 'build'
  /** Whether the disk holds its list of packages: our kickstart wrote it there. */
  readonly listsPackages: boolean
  /** No task for this can be older. */
  readonly notBefore: Date
}

/** Plans a build by Koji. Throws NotDescribed when the recipe does not say how, RecipeRefused when it cannot be so. */
export function planKoji(request: BuildRequest, { work }: EngineFolders): KojiPlan {
  const { compose, drop, image, recipe } = request
  const description = readKojiDescription(recipe)
  if (description.flavours[image.flavour] === undefined) {
    throw new NotDescribed(recipe, image.flavour, 'entry in koji.yaml')
  }
  const together = 'architectures' in description ? description.architectures : undefined
  const architectures = together ?? [image.architecture]
  if (!architectures.includes(image.architecture)) {
    throw new NotDescribed(recipe, image.architecture, 'entry in koji.yaml')
  }
  const kickstart = kickstartOf(description, request, architectures)
  const scratch = !drop.startsWith('milestone-')
  const facts: Facts = {
    scratch,
    target: description.target ?? targetOf(compose),
    architectures: architectures.map((one) => treeArchitectures[one]),
    optional: 'optional' in description ? description.optional.map((one) => treeArchitectures[one]) : [],
    // What is built apart must not be one build at the hub: of the same name, version and release there is one.
    suffix: together === undefined ? `-${image.architecture}` : '',
    ...(recipe.kickstart === undefined ? {} : { kickstartVersion: recipe.kickstart }),
    version: description.version ?? versionOf(compose),
    release: releaseOf(compose, scratch ? kindOf(drop) : null),
    tree: treeOf(compose),
    marker: `${drop} ${image.flavour} ${recipe.digest.slice(0, 16)}`,
    flavour: image.flavour,
    upload: kickstart === null ? null : uploadOf(description, image.flavour, kickstart),
  }
  const order = orderOf(description, facts)
  return {
    files: [],
    commands: [],
    disk: join(work, 'image.raw'),
    packages: join(work, 'packages.json'),
    call: order.call,
    taskMethod: order.taskMethod,
    request: order.request,
    upload: facts.upload,
    target: facts.target,
    architectures,
    architecture: image.architecture,
    permission: order.permission,
    package: order.package,
    scratch,
    images: description.build === 'osbuild' ? 'build' : 'children',
    listsPackages: kickstart !== null && description.build !== 'livemedia',
    notBefore: new Date(Date.parse(dashed(compose.date)) - 2 * 24 * 60 * 60_000),
  }
}

/** The one kickstart of all that a task builds; null where none is uploaded. */
function kickstartOf(
  description: KojiDescription,
  { image, recipe }: BuildRequest,
  architectures: readonly Architecture[],
): string | null {
  if (!isKickstarted(description) || description.source !== undefined) return null
  // An ISO is no disk that the list could be taken out of.
  const read = (architecture: Architecture) =>
    description.build === 'livemedia'
      ? answersOf(recipe, { ...image, architecture }, ['kickstart']).text
      : listedKickstart(recipe, { ...image, architecture })
  const text = read(image.architecture)
  if (architectures.some((one) => read(one) !== text)) {
    const which = architectures.join(' and ')
    throw new RecipeRefused(`Koji builds ${which} of ${recipe.name} by one kickstart, and theirs are not the same`)
  }
  assertUnattended(text, `${recipe.name}, ${imageKey(image)}`)
  return text
}

function orderOf(description: KojiDescription, facts: Facts): Order {
  switch (description.build) {
    case 'image':
      return orderImage(description, facts)
    case 'appliance':
    case 'livemedia':
      return orderSpin(description, facts)
    case 'kiwi':
      return orderKiwi(description, facts)
    case 'osbuild':
      return orderOsbuild(description, facts)
    case 'image-builder':
      return orderImageBuilder(description, facts)
  }
}

function targetOf({ version }: ComposeRef): string {
  return /^\d+$/.test(version) ? `f${version}` : version.toLowerCase()
}

function versionOf({ version }: ComposeRef): string {
  if (!version.includes('-')) return version
  throw new RecipeRefused(
    `the version ${version} has a hyphen, which Koji refuses once it builds; koji.yaml may give another`,
  )
}

/** Of kept builds as the compose has it, `20130521.0`; of scratch builds with the kind of the drop. */
function releaseOf({ type, date, respin }: ComposeRef, kind: string | null): string {
  const suffix = { production: '', nightly: '.n', test: '.t', ci: '.ci', development: '.d' }[type]
  return [`${date}${suffix}.${String(respin)}`, ...(kind === null ? [] : [kind])].join('.')
}

function kindOf(drop: string): string {
  return /^[a-z]+/.exec(drop)?.[0] ?? 'scratch'
}

/** The compose's own packages, of whatever architecture Koji puts in the place of `$arch`. */
function treeOf({ location }: ComposeRef): string {
  if (!/^https?:\/\//.test(location)) {
    const why = `Koji's builders cannot reach the compose at ${location}: it has no address on the web`
    throw new PermanentError('environment', why)
  }
  return `${location.replace(/\/+$/, '')}/Everything/$arch/os`
}

function dashed(date: string): string {
  return `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
}
