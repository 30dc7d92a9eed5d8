/** Metadata as a tree of folders and values, as EC2's service and those after it show it. */
export interface Tree {
  readonly [name: string]: string | Tree
}

/** What lies at a path, with a slash at its end or without: a value, or a folder's listing, where folders end in `/`. */
export function lookUp(tree: Tree, path: string): string | null {
  const names = path.split('/').filter((name) => name !== '')
  let found: string | Tree = tree
  for (const name of names) {
    if (typeof found === 'string') return null
    const next: string | Tree | undefined = Object.hasOwn(found, name) ? found[name] : undefined
    if (next === undefined) return null
    found = next
  }
  return typeof found === 'string' ? found : list(found)
}

function list(tree: Tree): string {
  return Object.entries(tree)
    .map(([name, value]) => (typeof value === 'string' ? name : `${name}/`))
    .join('\n')
}
