import { simpleParser } from 'mailparser'
import type { Heard } from '../../testing/audience.ts'

/** Reads a message as a mail program does. */
export async function readMessage(bytes: Buffer): Promise<Heard> {
  const mail = await simpleParser(bytes)
  return {
    text: `${mail.subject ?? ''}\n${mail.text ?? ''}`,
    frame: [
      ...mail.headerLines.map(({ key }) => key),
      `html: ${String(mail.html)}`,
      `attachments: ${String(mail.attachments.length)}`,
    ],
  }
}
