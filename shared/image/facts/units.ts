import { posix } from 'node:path'
import type { Facts } from '../description.ts'
import type { Tree, TreeEntry } from '../tree.ts'

const managers = ['system', 'user']
const relations: Readonly<Record<string, string>> = {
  wants: 'wanted by',
  requires: 'required by',
  upholds: 'upheld by',
}

interface Link {
  readonly unit: string
  readonly relation: string
  readonly value: string
}

/** The units that links in `/etc/systemd` enable, mask or give another name. */
export function readUnits(tree: Tree): Facts {
  const units = new Map<string, Record<string, string>>()
  for (const manager of managers) {
    for (const link of linksOf(tree, `/etc/systemd/${manager}`)) {
      const aspects = units.get(`${manager} ${link.unit}`) ?? {}
      const earlier = aspects[link.relation]
      units.set(`${manager} ${link.unit}`, {
        ...aspects,
        [link.relation]: earlier === undefined ? link.value : `${earlier}, ${link.value}`,
      })
    }
  }
  return units
}

/** Whether a file is a link that the facts of a unit tell of. */
export function isUnitLink({ path, type }: Pick<TreeEntry, 'path' | 'type'>): boolean {
  return type === 'symlink' && /^\/etc\/systemd\/(system|user)\/([^/]+\.(wants|requires|upholds)\/)?[^/]+$/.test(path)
}

function* linksOf(tree: Tree, folder: string): Generator<Link> {
  for (const name of tree.names(folder)) {
    const entry = tree.entries.get(`${folder}/${name}`)
    const relation = relations[/\.(\w+)$/.exec(name)?.[1] ?? '']
    if (entry?.type === 'symlink') yield aliasOf(entry, name)
    else if (relation !== undefined) {
      const by = name.replace(/\.\w+$/, '')
      for (const unit of tree.names(`${folder}/${name}`)) {
        const link = tree.entries.get(`${folder}/${name}/${unit}`)
        if (link?.type === 'symlink') yield* enabled(link, { unit, relation, value: by })
      }
    }
  }
}

/** A link from one name of a unit to another, or to nothing. */
function aliasOf({ path, target }: TreeEntry, name: string): Link {
  const to = posix.resolve(posix.dirname(path), target ?? '')
  if (to === '/dev/null') return { unit: name, relation: 'masked', value: 'yes' }
  return isUsual(to)
    ? { unit: posix.basename(to), relation: 'alias', value: name }
    : { unit: name, relation: 'file', value: to }
}

function* enabled({ path, target }: TreeEntry, link: Link): Generator<Link> {
  yield link
  const to = posix.resolve(posix.dirname(path), target ?? '')
  const template = link.unit.replace(/@[^.]+\./, '@.')
  if (!isUsual(to) || ![link.unit, template].includes(posix.basename(to))) {
    yield { unit: link.unit, relation: 'file', value: to }
  }
}

/** Whether a path is where packages and administrators have units. */
function isUsual(path: string): boolean {
  return /^(\/usr)?\/lib\/systemd\/(system|user)\/[^/]+$|^\/etc\/systemd\/(system|user)\/[^/]+$/.test(path)
}
