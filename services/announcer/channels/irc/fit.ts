import type { Line } from '../../story/line.ts'
import { cleanText } from '../../story/words.ts'
import type { Saying } from './connection.ts'

/**
 * Of the 512 bytes of a line, what others receive begins with who says it: `:nick!user@host `, with up to 30, 10 and 63
 * letters. That we may be called otherwise must not make another text of it.
 */
const longestSource = 1 + 30 + 1 + 11 + 1 + 63 + 1

/** Puts a line together so that it arrives whole: the text is cut at a word, the link never. */
export function fit({ text, link }: Line, { as, channel }: Pick<Saying, 'as' | 'channel'>): string {
  const room = 512 - longestSource - sizeOf(`${as} ${channel} :\r\n`)
  // Also for what comes from settings: no code that changes colours, and nothing that another program would obey.
  const words = cleanText(text)
  const end = link === null ? '' : ` ${link}`
  return `${cut(words, room - sizeOf(end))}${end}`
}

/** Cuts at a word, or within one that alone is too long, but never within what people see as one letter. */
function cut(text: string, room: number): string {
  if (sizeOf(text) <= room) return text
  const letters = new Intl.Segmenter('en').segment(text)
  let end = 0
  for (const { index, segment } of letters) {
    if (sizeOf(text.slice(0, index) + segment) > room - sizeOf('…')) break
    end = index + segment.length
  }
  const space = text.lastIndexOf(' ', end)
  return `${text.slice(0, space > end / 2 ? space : end).trimEnd()}…`
}

const sizeOf = (text: string) => Buffer.byteLength(text)
