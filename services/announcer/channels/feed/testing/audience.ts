import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenAudience } from '../../../testing/audience.ts'
import { elementsOf, textOf } from '../../../web/testing/read-markup.ts'
import { readFeed } from './read-feed.ts'

/** Those who read the feed with a strict XML parser. */
export const openAudience: OpenAudience = (announcements) =>
  Promise.resolve({
    env: {},
    async heard(drop) {
      const path = join(announcements, 'feed.atom')
      if (!existsSync(path)) return []
      const { elements, entries } = await readFeed(path)
      return entries
        .filter(({ id }) => id.endsWith(`:drop/${drop}`))
        .map(({ title, summary, content }) => ({
          text: [title, summary, content].map(textOf).join('\n'),
          frame: [...elements, ...[title, summary, content].flatMap(elementsOf)],
        }))
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
