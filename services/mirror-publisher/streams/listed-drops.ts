/** A drop's folder in a list: its own line, and the lines of all that is in it. */
export interface ListedDrop {
  readonly line: string
  readonly inside: readonly string[]
}

/**
 * Finds the folders of drops in a list that was written before. What is in them never changes as long as they are the same
 * folders, so their lines hold on, and a list of many drops costs little more than one of few.
 */
export function listedDrops(list: string, recordName: string): Map<string, ListedDrop> {
  const lines = list.split('\n')
  const records = lines.filter((line) => line.endsWith(`/${recordName}`)).map(pathOf)
  const folders = new Set(records.map((path) => path.slice(0, -recordName.length - 1)))
  const found = new Map<string, ListedDrop>()
  for (const [index, line] of lines.entries()) {
    const folder = pathOf(line)
    if (!folders.has(folder)) continue
    let end = index + 1
    while (pathOf(lines[end] ?? '').startsWith(`${folder}/`)) end++
    found.set(folder, { line, inside: lines.slice(index + 1, end) })
  }
  return found
}

function pathOf(line: string): string {
  return line.slice(line.lastIndexOf('\t') + 1)
}
