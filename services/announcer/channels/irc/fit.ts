import { cut } from '../../story/cut.ts'
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
  return `${cut(words, room - sizeOf(end), sizeOf)}${end}`
}

const sizeOf = (text: string) => Buffer.byteLength(text)
