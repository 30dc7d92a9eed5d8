import { cut } from '../../story/cut.ts'
import type { Line } from '../../story/line.ts'

/** Mastodon counts every link as so many letters. */
const linkLength = 23

/** Writes a post that its server takes whole. */
export function statusOf({ text, link }: Line, letters: number): string {
  // A name or a reason with an @ in it must call nobody: a mention needs a letter right after it.
  const silent = text.replace(/[@#](?=[\p{L}\p{N}_])/gu, '$&\u200b')
  const room = letters - (link === null ? 0 : linkLength + 1)
  const short = cut(silent, room, (part) => Array.from(part).length)
  return link === null ? short : `${short}\n${link}`
}
