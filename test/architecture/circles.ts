/** What imports what, by names: files, or folders. */
export type Imports = ReadonlyMap<string, ReadonlySet<string>>

interface File {
  readonly path: string
  readonly imports: readonly string[]
}

/** Circles among files, each told once from the first of its names on. Imports of types count like all others. */
export function circlesOfFiles(files: readonly File[]): string[] {
  return circlesIn(new Map(files.map(({ path, imports }) => [path, new Set(imports)])))
}

/**
 * Circles among what lies side by side in one folder, each folder in it taken as a whole: two that import each other
 * cannot be read or moved one without the other, though no two of their files may do so.
 */
export function circlesOfFolders(files: readonly File[]): string[] {
  const parents = new Set(files.flatMap(({ path }) => ancestorsOf(path)))
  const circles = [...parents].flatMap((parent) => circlesIn(importsWithin(parent, files)))
  return circles.filter((circle) => circle.includes('/ '))
}

function importsWithin(parent: string, files: readonly File[]): Imports {
  const found = new Map<string, Set<string>>()
  for (const { path, imports } of files) {
    const from = childOf(parent, path)
    if (from === null) continue
    const others = found.get(from) ?? new Set()
    for (const one of imports) {
      const to = childOf(parent, one)
      if (to !== null && to !== from) others.add(to)
    }
    found.set(from, others)
  }
  return found
}

/** The file or folder in `parent` that a path is, or lies in. */
function childOf(parent: string, path: string): string | null {
  if (!path.startsWith(parent) || !path.includes('/')) return null
  const [name = '', ...rest] = path.slice(parent.length).split('/')
  return parent + name + (rest.length > 0 ? '/' : '')
}

function ancestorsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1)
  return ['', ...names.map((_, index) => `${names.slice(0, index + 1).join('/')}/`)]
}

/** Goes along the imports from each name; one that is met again on the way closes a circle. */
function circlesIn(imports: Imports): string[] {
  const done = new Set<string>()
  const circles = new Set<string>()
  const way: string[] = []
  const follow = (name: string) => {
    const met = way.indexOf(name)
    if (met !== -1) circles.add(describe(way.slice(met)))
    if (met !== -1 || done.has(name)) return
    way.push(name)
    for (const next of imports.get(name) ?? []) follow(next)
    way.pop()
    done.add(name)
  }
  for (const name of imports.keys()) follow(name)
  return [...circles]
}

function describe(circle: readonly string[]): string {
  const first = circle.indexOf(circle.toSorted()[0] ?? '')
  const turned = [...circle.slice(first), ...circle.slice(0, first)]
  return [...turned, turned[0]].join(' imports ')
}
