import { simpleParser } from 'mailparser'
import { readMessage } from '../../../message/testing/read-message.ts'
import { kinds } from '../../../story/news.ts'
import type { OpenAudience } from '../../../testing/audience.ts'
import { openMailServer } from './mail-server.ts'

/** A list behind a mail server, and another for what else happens. */
export const openAudience: OpenAudience = async () => {
  const server = await openMailServer()
  return {
    chose: kinds,
    env: {
      IMAGEDROP_ANNOUNCER_SMTP_URL: server.url,
      IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
      IMAGEDROP_ANNOUNCER_MAIL_NEWS_TO: 'releng@lists.example.org',
      IMAGEDROP_ANNOUNCER_MAIL_NEWS_KINDS: 'waiting,failed,withdrawn,expired,overdue,unchanged',
    },
    async heard(drop) {
      const mails = await Promise.all(
        server.heard.map(async ({ bytes }) => ({ bytes, ...(await simpleParser(bytes)) })),
      )
      const beginnings = [`<drop.${drop}@`, `<news.${drop}.`]
      const ofDrop = mails.filter(({ messageId }) => beginnings.some((one) => messageId?.startsWith(one)))
      return await Promise.all(ofDrop.map(({ bytes }) => readMessage(bytes)))
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
