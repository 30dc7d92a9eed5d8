import { correspondenceOf, keepMessages, messageSettings } from '../../message/keep-messages.ts'
import { defineChannel } from '../channel.ts'

/** The mail as a file, `<drop>.eml`, whether or not it is sent. */
export const channel = defineChannel({
  settings: messageSettings,
  kind: 'place',
  open(settings, host) {
    const provideMessage = keepMessages(host, correspondenceOf(settings, host.domain))
    return {
      async tell(story) {
        const { path, id } = await provideMessage(story)
        return [{ to: path, id }]
      },
      // What was written stays written.
      withdraw: () => Promise.resolve(),
    }
  },
})
