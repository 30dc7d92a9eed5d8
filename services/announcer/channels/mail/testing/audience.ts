import { simpleParser } from 'mailparser'
import { readMessage } from '../../../message/testing/read-message.ts'
import type { OpenAudience } from '../../../testing/audience.ts'
import { openMailServer } from './mail-server.ts'

/** A list behind a mail server. */
export const openAudience: OpenAudience = async () => {
  const server = await openMailServer()
  return {
    env: {
      IMAGEDROP_ANNOUNCER_SMTP_URL: server.url,
      IMAGEDROP_ANNOUNCER_TO: 'cloud@lists.example.org',
    },
    async heard(drop) {
      const mails = await Promise.all(
        server.heard.map(async ({ bytes }) => ({ bytes, ...(await simpleParser(bytes)) })),
      )
      const ofDrop = mails.filter(({ messageId }) => messageId?.startsWith(`<drop.${drop}@`))
      return await Promise.all(ofDrop.map(({ bytes }) => readMessage(bytes)))
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
