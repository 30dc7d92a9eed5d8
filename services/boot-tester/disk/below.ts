import type { Tree, TreeEntry } from '#image/tree.ts'

/** What lies below some folders, at any depth. */
export function below(tree: Tree, ...folders: readonly string[]): TreeEntry[] {
  const starts = folders.map((folder) => `${folder}/`)
  return [...tree.entries.values()].filter(({ path }) => starts.some((start) => path.startsWith(start)))
}

/** The files with something in them below some folders, by their paths. */
export function contentBelow(tree: Tree, ...folders: readonly string[]): string[] {
  return below(tree, ...folders)
    .filter(({ type, size }) => type === 'file' && size > 0)
    .map(({ path }) => path)
}

/** The lines of a text that say something: no comments, no empty ones. */
export async function linesOf(tree: Tree, path: string): Promise<string[]> {
  const lines = ((await tree.text(path)) ?? '').split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '' && !line.startsWith('#'))
}
