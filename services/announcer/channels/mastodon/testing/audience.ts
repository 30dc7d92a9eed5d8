import { kinds } from '../../../story/news.ts'
import type { OpenAudience } from '../../../testing/audience.ts'
import { writeSettings } from '../../../testing/settings-folder.ts'
import { openMastodon } from './mastodon.ts'

/** Those who follow the account. */
export const openAudience: OpenAudience = async () => {
  const mastodon = await openMastodon('right')
  const accounts = { images: { server: mastodon.url, tokenFile: 'token', tells: kinds } }
  const settings = await writeSettings({ accounts }, { token: 'right\n' })
  return {
    chose: kinds,
    env: {
      IMAGEDROP_ANNOUNCER_MASTODON_FILE: settings.file,
      IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org',
    },
    heard(drop) {
      const ofDrop = mastodon.posts.filter((text) => text.includes(drop))
      return Promise.resolve(ofDrop.map((text) => ({ text, frame: [`${String(text.split('\n').length)} lines`] })))
    },
    async [Symbol.asyncDispose]() {
      await mastodon[Symbol.asyncDispose]()
      await settings[Symbol.asyncDispose]()
    },
  }
}
