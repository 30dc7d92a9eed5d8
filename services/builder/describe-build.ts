import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { imageKey } from '#events/vocabulary.ts'
import type { BuildRequest, Built, EngineFolders } from './engines/engine.ts'

/** Where this program is installed: engines name files of theirs in it. */
const ownFolder = join(import.meta.dirname, '..', '..')

interface Places {
  /** What a place is called in the description. */
  readonly name: string
  readonly paths: readonly string[]
}

/**
 * How an image was made, as one text for everybody: what its engine was told, and what it says of that itself. Each part has its
 * name above it, as `head` prints several files. Folders and addresses of this host stand under names that are the same on every
 * host, and what comes before an `@` in an address, which may be a password, is left out.
 */
export function formatDescription(
  parts: Built['description'],
  {
    engine,
    request,
    folders,
  }: { readonly engine: string; readonly request: BuildRequest; readonly folders: EngineFolders },
): string {
  const { image, compose, drop } = request
  const title = `${imageKey(image)} of ${drop}: what ${engine} was told, and what it tells of it.
COMPOSE is where ${compose.id} lies, MIRROR a mirror of its distribution, KEYS the keys of its packages;
RECIPES, IMAGEDROP, WORK and CACHE are folders of the host that built it.
`
  const rename = renaming(placesOf(request, folders))
  const told = parts.map(({ name, text }) => `==> ${rename(name)} <==\n${rename(text).trimEnd()}\n`)
  return [title, ...told].join('\n')
}

function placesOf({ compose, recipe, sources }: BuildRequest, { work, cache }: EngineFolders): Places[] {
  const parts = [recipe.base, ...recipe.flavours.values()].flatMap(({ folder, family }) => [folder, family])
  const roots = [...new Set(parts.map((part) => dirname(dirname(part))))]
  const addresses =
    sources.kind === 'apt'
      ? sources.suites.map(({ url }) => url)
      : sources.kind === 'distribution'
        ? [sources.mirror]
        : []
  const composePlace = trimmed(compose.location.replace(/\/dists\/.*$/, ''))
  const mirrors = addresses.flatMap((url) => (url === null || trimmed(url) === composePlace ? [] : [trimmed(url)]))
  return [
    { name: 'WORK', paths: [work] },
    { name: 'CACHE', paths: [cache] },
    { name: 'RECIPES', paths: roots.flatMap((root) => [root, realPathOf(root)]) },
    { name: 'IMAGEDROP', paths: [ownFolder] },
    { name: 'COMPOSE', paths: [composePlace, ...hostsOf([composePlace])] },
    { name: 'KEYS', paths: sources.kind === 'dnf' && sources.keys !== undefined ? [sources.keys] : [] },
    ...mirrors.map((url) => ({ name: `MIRROR/${basename(url)}`, paths: [url] })),
    { name: 'MIRROR', paths: hostsOf(mirrors) },
  ]
}

/** Preseeds name the host of an address apart from its path. */
function hostsOf(addresses: readonly string[]): string[] {
  return addresses.flatMap((address) => URL.parse(address)?.host ?? []).filter((host) => host !== '')
}

function trimmed(address: string): string {
  return address.replace(/\/+$/, '')
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Longer ones go first, for one may lie in another. */
function renaming(places: readonly Places[]): (text: string) => string {
  const names = new Map(places.flatMap(({ name, paths }) => paths.map((path) => [path, name] as const)))
  const paths = [...names.keys()].filter((path) => path.length > 1).toSorted((one, other) => other.length - one.length)
  const pattern = new RegExp(`(?<![\\w./-])(${paths.map((path) => RegExp.escape(path)).join('|')})(?![\\w-])`, 'g')
  return (text) =>
    text.replaceAll(pattern, (path) => names.get(path) ?? path).replaceAll(/(?<=:\/\/)[^\s/@"'<>]+@/g, '')
}
