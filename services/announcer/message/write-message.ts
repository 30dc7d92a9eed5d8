import type { LinkTo } from '../story/link.ts'
import type { Story } from '../story/story.ts'
import { encodeBody, encodingOf } from './encoding.ts'
import { messageIdOf, threadIdOf } from './identity.ts'
import { announcementText } from './text.ts'

/** Who an announcement is from and for, and what its ids are made with. */
export interface Correspondence {
  readonly domain: string
  readonly from: string
  readonly to: readonly string[]
}

/** Writes the announcement of a drop (RFC 5322, lines ended by CRLF): the same bytes for the same drop. */
export async function writeMessage(
  story: Story,
  { domain, from, to }: Correspondence,
  linkTo: LinkTo,
): Promise<Buffer> {
  const body = Buffer.from(mailLines(announcementText(story, linkTo)))
  const encoding = encodingOf(body)
  const thread = threadIdOf(story.release, domain)
  const { default: MimeNode } = await import('nodemailer/lib/mime-node')
  // Headers alone: with a body, it would take a line of more than 76 letters for a reason to encode the whole.
  const head = new MimeNode('text/plain; charset=utf-8').setHeader([
    { key: 'From', value: `imagedrop <${from}>` },
    { key: 'To', value: to.join(', ') },
    { key: 'Subject', value: `[imagedrop] ${subjectOf(story)}` },
    { key: 'Date', value: new Date(story.publishedAt).toUTCString().replace('GMT', '+0000') },
    { key: 'Message-ID', value: messageIdOf(story.drop, domain) },
    { key: 'In-Reply-To', value: thread },
    { key: 'References', value: thread },
    // RFC 3834: vacation programs and other robots do not answer to it.
    { key: 'Auto-Submitted', value: 'auto-generated' },
    { key: 'Content-Transfer-Encoding', value: encoding },
  ])
  return Buffer.concat([Buffer.from(`${head.buildHeaders()}\r\n\r\n`), await encodeBody(body, encoding)])
}

/** Lines as mail ends them; none begins with `From `, before which mailboxes of the mbox form would put a `>`. */
function mailLines(text: string): string {
  return text.replace(/^From /gm, ' $&').replaceAll('\n', '\r\n')
}

function subjectOf({ title, images }: Story): string {
  const passed = images.filter((image) => image.passed).length
  if (passed === images.length) return title
  return `${title}, incomplete: ${String(passed)} of ${String(images.length)}`
}
