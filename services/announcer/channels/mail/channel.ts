import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { InvalidConfig } from '#service/config.ts'
import { messageOf } from '#service/errors.ts'
import { addresses, commaList, correspondenceOf, keepMessages, messageSettings } from '../../message/keep-messages.ts'
import { writeNews } from '../../message/write-message.ts'
import { kinds } from '../../story/news.ts'
import { defineChannel } from '../channel.ts'
import { createSigner, dkimSettings } from './dkim.ts'
import { createSmtp } from './smtp.ts'

/** What a second list can be told: the first is told of what is published. */
const newsKinds = kinds.filter((kind) => kind !== 'published')

/** A mail to each recipient, when a mail server is set; to others what else happens to drops. */
export const channel = defineChannel({
  settings: {
    ...messageSettings,
    smtpUrl: z
      .url({ protocol: /^smtps?$/ })
      .nullable()
      .default(null),
    mailNewsTo: addresses,
    mailNewsKinds: commaList
      .pipe(z.array(z.enum(newsKinds)).min(1))
      .default(['waiting', 'failed', 'withdrawn', 'overdue']),
    mailCa: z.string().nullable().default(null),
    ...dkimSettings,
  },
  kind: 'message',
  open({ smtpUrl, mailCa, mailNewsTo: newsTo, mailNewsKinds: newsKinds, ...settings }, host) {
    if (smtpUrl === null) return null
    const correspondence = correspondenceOf(settings, host.domain)
    const { from, to } = correspondence
    if (to.length === 0 && newsTo.length === 0) {
      throw new InvalidConfig('IMAGEDROP_ANNOUNCER_TO: it names nobody, but IMAGEDROP_ANNOUNCER_SMTP_URL is set')
    }
    const provideMessage = keepMessages(host, correspondence)
    const ca = mailCa === null ? null : readCertificates(mailCa)
    const send = createSmtp(smtpUrl, { ca, sign: createSigner(settings, from) })
    return {
      async tell(story, signal) {
        const { id, bytes } = await provideMessage(story)
        await host.deliverOnce(story, to, (recipient) => send({ from, to: recipient, bytes }, signal), signal)
        return to.map((recipient) => ({ to: recipient, id }))
      },
      async preview(story) {
        const { bytes } = await provideMessage(story)
        return bytes.toString('utf8').replaceAll('\r\n', '\n')
      },
      // A mail cannot be taken back, and page and feed say that its drop was withdrawn.
      withdraw: () => Promise.resolve(),
      async report(news, signal) {
        if (newsTo.length === 0 || !newsKinds.includes(news.kind)) return
        const bytes = await writeNews(news, { ...correspondence, to: newsTo })
        await host.deliverOnce(news, newsTo, (recipient) => send({ from, to: recipient, bytes }, signal), signal)
      },
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
