import { join } from 'node:path'
import { readIfThere } from '#files/durable.ts'
import type { OpenAudience } from '../../../testing/audience.ts'
import { elementsOf, textOf } from '../../../web/testing/read-markup.ts'

/** Those who look at the page. */
export const openAudience: OpenAudience = (announcements) =>
  Promise.resolve({
    env: {},
    async heard(drop) {
      const page = (await readIfThere(join(announcements, 'index.html')))?.toString('utf8') ?? ''
      const places = page.match(new RegExp(`<(article|li) id="${RegExp.escape(drop)}"[\\s\\S]*?</\\1>`, 'g')) ?? []
      return places.map((markup) => ({ text: textOf(markup), frame: elementsOf(page) }))
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
