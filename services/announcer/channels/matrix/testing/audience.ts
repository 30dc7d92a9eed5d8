import { kinds } from '../../../story/news.ts'
import type { OpenAudience } from '../../../testing/audience.ts'
import { writeSettings } from '../../../testing/settings-folder.ts'
import { elementsOf } from '../../../web/testing/read-markup.ts'
import { openHomeserver } from './homeserver.ts'

/** People in a room. */
export const openAudience: OpenAudience = async () => {
  const homeserver = await openHomeserver('right', { '#cloud:example.org': '!cloud:example.org' })
  const rooms = { '#cloud:example.org': { tells: kinds } }
  const settings = await writeSettings({ server: homeserver.url, tokenFile: 'token', rooms }, { token: 'right\n' })
  return {
    chose: kinds,
    env: {
      IMAGEDROP_ANNOUNCER_MATRIX_FILE: settings.file,
      IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org',
    },
    heard(drop) {
      const ofDrop = homeserver.messages.filter(({ body }) => body.includes(drop))
      return Promise.resolve(
        ofDrop.map(({ body, formatted }) => ({ text: body, frame: formatted === null ? [] : elementsOf(formatted) })),
      )
    },
    async [Symbol.asyncDispose]() {
      await homeserver[Symbol.asyncDispose]()
      await settings[Symbol.asyncDispose]()
    },
  }
}
