import { createHash } from 'node:crypto'
import type { News } from './news.ts'
import type { Story } from './story.ts'

/** Something that is told: a publication with all of its story, or other news. */
export type Telling = { readonly kind: 'published'; readonly drop: string; readonly story: Story } | News

/**
 * Names what is told wherever others are to see a second copy as one: the same for each try and each destination, in
 * letters that stand for themselves in a path, a header and a signature.
 */
export function idOf(telling: Telling): string {
  const name = `${telling.drop} ${telling.kind === 'published' ? 'published' : telling.id}`
  return `msg_${createHash('sha256').update(name).digest('hex').slice(0, 32)}`
}
