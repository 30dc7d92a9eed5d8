/** One column: its heading, and whether its cells are numbers. */
export interface Column {
  readonly heading: string
  readonly right?: boolean
}

/** Sets rows in columns as wide as their widest cell, below headings and a rule. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const headings = columns.map(({ heading }) => heading)
  const widths = columns.map((_, index) => Math.max(...[headings, ...rows].map((row) => lengthOf(row[index] ?? ''))))
  const line = (row: readonly string[]) =>
    columns
      .map(({ right = false }, index) => pad(row[index] ?? '', widths[index] ?? 0, right))
      .join('  ')
      .trimEnd()
  return [headings, widths.map((width) => '-'.repeat(width)), ...rows].map(line)
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(width - lengthOf(text))
  return right ? space + text : text + space
}

/** In letters, whatever they take in UTF-16. */
function lengthOf(text: string): number {
  return Array.from(text).length
}
