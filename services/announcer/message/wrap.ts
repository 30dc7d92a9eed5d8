/** Breaks text into lines of at most 72 columns, where it has spaces; the lines after the first get the indent. */
export function wrap(text: string, { first = '', rest = '' } = {}): string[] {
  const width = 72
  const lines: string[] = []
  let line = first
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const indent = lines.length === 0 ? first : rest
    const isFirstWord = line === indent
    if (!isFirstWord && line.length + 1 + word.length > width) {
      lines.push(line)
      line = rest + word
    } else {
      line += isFirstWord ? word : ` ${word}`
    }
  }
  return [...lines, line]
}
