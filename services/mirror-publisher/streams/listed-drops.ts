/** A drop's folder in a list: its own line, and that with the lines of all that is in it, as bytes that are written as they are. */
export interface ListedFolder {
  readonly line: string
  readonly whole: Buffer
}

/** By their paths. */
export type ListedFolders = ReadonlyMap<string, ListedFolder>

/**
 * Finds the folders of drops in a list that was written before. What is in them never changes as long as they are the same
 * folders, so their lines hold on, and a list of many drops costs little more than one of few.
 */
export function listedDrops(list: string, recordName: string): Map<string, ListedFolder> {
  const lines = list.split('\n')
  const records = lines.filter((line) => line.endsWith(`/${recordName}`)).map(pathOf)
  const folders = new Set(records.map((path) => path.slice(0, -recordName.length - 1)))
  const found = new Map<string, ListedFolder>()
  for (const [index, line] of lines.entries()) {
    const folder = pathOf(line)
    if (!folders.has(folder)) continue
    let end = index + 1
    while (pathOf(lines[end] ?? '').startsWith(`${folder}/`)) end++
    const whole = lines.slice(index, end).map((one) => `${one}\n`)
    found.set(folder, { line, whole: Buffer.from(whole.join('')) })
  }
  return found
}

function pathOf(line: string): string {
  return line.slice(line.lastIndexOf('\t') + 1)
}
