import type { Architecture, ComposeRef, ImagePlan } from '#events/vocabulary.ts'
import { RecipeRefused } from '../../../recipe.ts'
import type { Call } from '../rpc/call.ts'
import type { Value } from '../rpc/value.ts'
import type { KojiDescription } from './description.ts'
import { orderImage, orderImageBuilder, orderKiwi, orderOsbuild, orderSpin, type Facts, type Order } from './orders.ts'
import { uploadOf, type Upload } from './upload.ts'

/** A build that is wanted of Koji. */
export interface KojiRequest {
  /** Decides whether it is a scratch build, and keeps the tasks of drops apart. */
  readonly drop: string
  readonly compose: ComposeRef
  readonly image: ImagePlan
  readonly recipe: { readonly name: string; readonly digest: string }
}

/** Everything that is asked of a hub for one image, before it is asked. */
export interface KojiPlan {
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
  /** No task for this can be older. */
  readonly notBefore: Date
}

/** Plans a build by Koji: the same request, description and kickstart give the same plan. */
export function planKoji(request: KojiRequest, description: KojiDescription, kickstart: string | null): KojiPlan {
  const { compose, image, drop } = request
  const { architectures, target } = description
  if (!architectures.includes(image.architecture)) {
    throw new RecipeRefused(
      `Koji builds ${request.recipe.name} for ${architectures.join(', ')}, not ${image.architecture}`,
    )
  }
  const scratch = !drop.startsWith('milestone-')
  const facts: Facts = {
    scratch,
    version: description.version ?? versionOf(compose),
    release: releaseOf(compose, scratch ? kindOf(drop) : null),
    tree: treeOf(compose),
    marker: `${drop} ${image.flavour} ${request.recipe.digest.slice(0, 16)}`,
    flavour: image.flavour,
    upload: kickstart === null ? null : uploadOf(description, image.flavour, kickstart),
  }
  const order = orderOf(description, facts)
  return {
    call: order.call,
    taskMethod: order.taskMethod,
    request: order.request,
    upload: facts.upload,
    target,
    architectures,
    architecture: image.architecture,
    permission: order.permission,
    package: order.package,
    scratch,
    images: description.build === 'osbuild' ? 'build' : 'children',
    notBefore: new Date(Date.parse(dashed(compose.date)) - 2 * 24 * 60 * 60_000),
  }
}

/** The kickstart of a flavour, below the folder `koji` of its recipe; null where none is uploaded. */
export function kickstartOf(description: KojiDescription, flavour: string): string | null {
  if (description.build === 'kiwi' || description.build === 'osbuild' || description.build === 'image-builder')
    return null
  if (description.source !== undefined) return null
  return description.flavours[flavour]?.kickstart ?? null
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
    throw new RecipeRefused(`Koji's builders cannot reach the compose at ${location}: it has no address on the web`)
  }
  return `${location.replace(/\/+$/, '')}/Everything/$arch/os`
}

function dashed(date: string): string {
  return `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
}
