import type { Logger } from 'pino'
import type { Architecture, ComposeRef } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { RecipeRefused, type Recipe } from '../recipe.ts'
import { answers, type Fetch } from './fetch.ts'
import type { Mirror } from './host-mirror.ts'
import type { AptSuite, PackageSources } from './sources.ts'
import { checkSuite } from './suite-check.ts'

/** What finding the packages depends on, besides the request. */
export interface SourceOptions {
  /** Told by the operator; goes before the host's own. */
  readonly mirror: string | null
  readonly hostMirror: (family: Recipe['family']) => Promise<Mirror | null>
  readonly fetch: Fetch
  /** Told by the operator, never by a compose: address of the keys that Fedora's packages are signed with. */
  readonly keys?: string | undefined
  /** Refuse to build without the security updates. */
  readonly requireSecurity: boolean
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Finds where an image's packages come from: the compose itself, else the given mirror, else the host's, else the distribution's own. */
export async function findSources(
  compose: ComposeRef,
  recipe: Recipe,
  architecture: Architecture,
  options: SourceOptions,
): Promise<PackageSources> {
  return recipe.family === 'debian'
    ? await debianSources(compose, recipe, architecture, options)
    : await fedoraSources(compose, recipe, architecture, options)
}

async function debianSources(
  compose: ComposeRef,
  recipe: Recipe,
  architecture: Architecture,
  options: SourceOptions,
): Promise<PackageSources> {
  const host = await options.hostMirror('debian')
  const location = compose.location.replace(/\/dists\/.*$/, '').replace(/\/+$/, '')
  const inCompose = await answers(`${location}/dists/${recipe.release}/InRelease`, options)
  const archive = inCompose ? location : (options.mirror?.replace(/\/+$/, '') ?? host?.archive)
  if (archive === undefined) return { kind: 'distribution', mirror: null }
  const wanted: AptSuite[] = [
    { url: archive, suite: recipe.release, optional: false },
    { url: archive, suite: `${recipe.release}-updates`, optional: true },
    {
      url: host?.security ?? archive.replace(/debian$/, 'debian-security'),
      suite: `${recipe.release}-security`,
      optional: !options.requireSecurity,
    },
  ]
  const suites: AptSuite[] = []
  for (const one of wanted) suites.push(...(await ifUsable(one, architecture, options)))
  return { kind: 'apt', suites }
}

async function ifUsable(suite: AptSuite, architecture: Architecture, options: SourceOptions): Promise<AptSuite[]> {
  const found = await checkSuite(suite, architecture, options)
  if (!('unusable' in found)) return [{ ...suite, index: found }]
  const reason = found.unusable
  const told = `the suite ${suite.suite} of ${suite.url} is not usable for ${architecture}: ${reason}`
  if (!suite.optional) throw new PermanentError('environment', told)
  options.log.warn({ suite: suite.suite, url: suite.url, architecture, reason }, `building without it: ${told}`)
  return []
}

async function fedoraSources(
  compose: ComposeRef,
  recipe: Recipe,
  architecture: Architecture,
  options: SourceOptions,
): Promise<PackageSources> {
  const folder = architecture === 'i686' ? 'i386' : architecture
  const repository = `${compose.location.replace(/\/+$/, '')}/Everything/${folder}/os`
  if (await answers(`${repository}/repodata/repomd.xml`, options)) {
    return { kind: 'dnf', repositories: [repository], ...(options.keys === undefined ? {} : { keys: options.keys }) }
  }
  // A recipe serves neighbouring releases from their own composes; from a mirror it would make its own release of them.
  if (compose.version.toLowerCase() !== recipe.release) {
    throw new RecipeRefused(
      `${compose.id} has no repository at ${repository}, and the recipe ${recipe.name} would make Fedora ${recipe.release} of it`,
    )
  }
  const mirror = options.mirror ?? (await options.hostMirror('fedora'))?.archive ?? null
  return { kind: 'distribution', mirror }
}
