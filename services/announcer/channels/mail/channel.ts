import { z } from 'zod'
import { InvalidConfig } from '#service/config.ts'
import { keepMessages, messageSettings } from '../../message/keep-messages.ts'
import { defineChannel } from '../channel.ts'
import { createSmtp } from './smtp.ts'

/** A mail to each recipient, when a mail server is set. */
export const channel = defineChannel({
  settings: {
    ...messageSettings,
    smtpUrl: z
      .url({ protocol: /^smtps?$/ })
      .nullable()
      .default(null),
  },
  kind: 'message',
  open({ smtpUrl, ...settings }, host) {
    if (smtpUrl === null) return null
    const { to } = settings
    if (to.length === 0) {
      throw new InvalidConfig('IMAGEDROP_ANNOUNCER_TO: it names nobody, but IMAGEDROP_ANNOUNCER_SMTP_URL is set')
    }
    const provideMessage = keepMessages(host, settings)
    const send = createSmtp(smtpUrl)
    return {
      async tell(story, signal) {
        const { id, from, bytes } = await provideMessage(story)
        await host.deliverOnce(story, to, (recipient) => send({ from, to: recipient, bytes }, signal), signal)
        return to.map((recipient) => ({ to: recipient, id }))
      },
      // A mail cannot be taken back, and page and feed say that its drop was withdrawn.
      withdraw: () => Promise.resolve(),
    }
  },
})
