/** Cuts a text at a word, or within one that alone is too long, but never within what people see as one letter. */
export function cut(text: string, room: number, sizeOf: (text: string) => number): string {
  if (sizeOf(text) <= room) return text
  const letters = new Intl.Segmenter('en').segment(text)
  let end = 0
  for (const { index, segment } of letters) {
    if (sizeOf(text.slice(0, index + segment.length)) > room - sizeOf('…')) break
    end = index + segment.length
  }
  const space = text.lastIndexOf(' ', end)
  return `${text.slice(0, space > end / 2 ? space : end).trimEnd()}…`
}
