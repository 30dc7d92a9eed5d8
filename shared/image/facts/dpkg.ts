import { posix } from 'node:path'
import type { Aspects } from '../description.ts'
import type { Tree, TreeEntry } from '../tree.ts'
import type { Packages } from './package-database.ts'

const status = '/var/lib/dpkg/status'
const info = '/var/lib/dpkg/info'

/** The packages that dpkg knows, with the state of those that are not simply installed. */
export async function readDpkg(tree: Tree): Promise<Packages> {
  const facts = new Map(((await tree.text(status)) ?? '').split(/\n\n+/).flatMap(packageIn))
  const names = new Map(
    [...facts.keys()].flatMap((key) => [[key.replace(/:.*$/, ''), key] as const, [key, key] as const]),
  )
  const owners = await readOwners(tree, names)
  return {
    facts,
    packageOf: (path) => owners.get(path) ?? names.get(keeperOf(path)) ?? null,
    told: (path) => path === status,
  }
}

function packageIn(stanza: string): [string, Aspects][] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1]
  const name = field('Package')
  if (name === undefined) return []
  const state = field('Status') ?? 'unknown'
  const aspects = { version: field('Version') ?? 'none', ...(state !== 'install ok installed' && { state }) }
  return [[`${name}:${field('Architecture') ?? 'none'}`, aspects]]
}

/** Which package each file came with, by its lists. A directory that many share is nobody's. */
async function readOwners(tree: Tree, names: ReadonlyMap<string, string>): Promise<Map<string, string | null>> {
  const owners = new Map<string, string | null>()
  for (const list of tree.names(info).filter((name) => name.endsWith('.list'))) {
    const owner = names.get(list.slice(0, -'.list'.length))
    const paths = owner === undefined ? [] : ((await tree.text(`${info}/${list}`)) ?? '').split('\n')
    for (const path of paths) {
      const entry = entryAt(tree, path)
      if (owner !== undefined && entry !== undefined) owners.set(entry.path, owners.has(entry.path) ? null : owner)
    }
  }
  return owners
}

/** The lists name files below `/lib` that lie in `/usr/lib`; but a link that a package brings is itself meant. */
function entryAt(tree: Tree, path: string): TreeEntry | undefined {
  const folder = tree.find(posix.dirname(path))
  return folder === null ? undefined : tree.entries.get(posix.join(folder.path, posix.basename(path)))
}

/** Whose file it is that dpkg keeps: `/var/lib/dpkg/info/apt.md5sums`. */
function keeperOf(path: string): string {
  return posix.dirname(path) === info ? posix.basename(path).replace(/\.[a-z0-9]+$/, '') : ''
}
