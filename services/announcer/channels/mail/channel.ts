import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'
import { keepMessages, messageSettings, senderOf } from '../../message/keep-messages.ts'
import { defineChannel } from '../channel.ts'
import { createSigner, dkimSettings } from './dkim.ts'
import { createSmtp } from './smtp.ts'

/** A mail to each recipient, when a mail server is set. */
export const channel = defineChannel({
  settings: {
    ...messageSettings,
    smtpUrl: z
      .url({ protocol: /^smtps?$/ })
      .nullable()
      .default(null),
    mailCa: z.string().nullable().default(null),
    ...dkimSettings,
  },
  kind: 'message',
  open({ smtpUrl, mailCa, ...settings }, host) {
    if (smtpUrl === null) return null
    const { to } = settings
    if (to.length === 0) {
      throw new InvalidConfig('IMAGEDROP_ANNOUNCER_TO: it names nobody, but IMAGEDROP_ANNOUNCER_SMTP_URL is set')
    }
    const provideMessage = keepMessages(host, settings)
    const ca = mailCa === null ? null : readCertificates(mailCa)
    const send = createSmtp(smtpUrl, { ca, sign: createSigner(settings, senderOf(settings, host.domain)) })
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

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new InvalidConfig(`IMAGEDROP_ANNOUNCER_MAIL_CA: ${path} cannot be read: ${messageOf(error)}`)
  }
}
