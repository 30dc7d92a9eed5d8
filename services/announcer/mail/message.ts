import type { DropPublished } from '#events/drop-published.ts'
import type { Story } from '../story/story.ts'
import { messageIdOf, threadIdOf } from './identity.ts'
import { announcementText } from './text.ts'

/** Who an announcement is from and for. */
export interface Correspondence {
  readonly domain: string
  readonly from: string
  readonly to: readonly string[]
}

/** An announcement as it is sent. */
export interface Message {
  readonly id: string
  /** RFC 5322, lines ended by CRLF. */
  readonly bytes: Buffer
}

/** Writes the announcement of a drop: the same bytes for the same drop. */
export async function writeMessage(
  story: Story,
  { drop, compose }: Pick<DropPublished, 'drop' | 'compose'>,
  { domain, from, to }: Correspondence,
): Promise<Message> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  const id = messageIdOf(drop, domain)
  const thread = threadIdOf(compose, domain)
  const mail = new MailComposer({
    from: { name: 'imagedrop', address: from },
    to: [...to],
    subject: `[imagedrop] ${subjectOf(story)}`,
    date: new Date(story.publishedAt),
    messageId: id,
    inReplyTo: thread,
    references: [thread],
    // RFC 3834: vacation programs and other robots do not answer to it.
    headers: { 'Auto-Submitted': 'auto-generated' },
    text: announcementText(story),
    // Checksums and addresses are longer than a line may be without it, and format=flowed would break them.
    textEncoding: 'quoted-printable',
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return { id, bytes: await mail.compile().build() }
}

function subjectOf({ title, images }: Story): string {
  const passed = images.filter((image) => image.passed).length
  if (passed === images.length) return title
  return `${title}, incomplete: ${String(passed)} of ${String(images.length)}`
}
