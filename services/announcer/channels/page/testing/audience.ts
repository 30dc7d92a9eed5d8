import type { OpenAudience } from '../../../testing/audience.ts'
import { elementsOf, textOf } from '../../../web/testing/read-markup.ts'
import { readSite } from './read-site.ts'

/** Those who come to the start page and follow its links, until they have seen all that there is. */
export const openAudience: OpenAudience = (announcements) =>
  Promise.resolve({
    env: {},
    async heard(drop) {
      const pages = await readSite(announcements)
      const page = pages.get(`drops/${drop}.html`)
      if (page === undefined) return []
      const frame = [...pages].flatMap(([path, markup]) => [path, ...elementsOf(markup)])
      return [{ text: textOf(page), frame }]
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
