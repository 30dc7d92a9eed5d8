import { join } from 'node:path'
import { readIfThere } from '#files/durable.ts'
import { readMessage } from '../../../message/testing/read-message.ts'
import type { OpenAudience } from '../../../testing/audience.ts'

/** Those who open the file. */
export const openAudience: OpenAudience = (announcements) =>
  Promise.resolve({
    env: {},
    async heard(drop) {
      const bytes = await readIfThere(join(announcements, `${drop}.eml`))
      return bytes === null ? [] : [await readMessage(bytes)]
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
