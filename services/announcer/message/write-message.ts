import type { LinkTo } from '../story/link.ts'
import type { News } from '../story/news.ts'
import type { Story } from '../story/story.ts'
import { encodeBody, encodingOf } from './encoding.ts'
import { messageIdOf, newsIdOf, newsThreadOf, threadIdOf } from './identity.ts'
import { viewOfNews } from './news-text.ts'
import type { Filled, Templates } from './template.ts'
import { viewOfStory } from './text.ts'

/** Who a message is from and for, what its ids are made with, and how it is put. */
export interface Correspondence {
  readonly domain: string
  readonly from: string
  readonly to: readonly string[]
  readonly templates: Templates
}

/** Writes the announcement of a drop (RFC 5322, lines ended by CRLF): the same bytes for the same drop. */
export async function writeMessage(story: Story, given: Correspondence, linkTo: LinkTo): Promise<Buffer> {
  const { domain, templates } = given
  const filled = templates['mail-drop'](viewOfStory(story, linkTo))
  const id = messageIdOf(story.drop, domain)
  return await write(filled, { ...given, id, thread: threadIdOf(story.release, domain), at: story.publishedAt })
}

/** Writes what else happens to a drop, in a thread of its own: the same bytes for the same news. */
export async function writeNews(news: News, given: Correspondence): Promise<Buffer> {
  const { domain, templates } = given
  const filled = templates['mail-news'](viewOfNews(news))
  return await write(filled, {
    ...given,
    id: newsIdOf(news, domain),
    thread: newsThreadOf(news.drop, domain),
    at: news.at,
  })
}

interface Letterhead extends Correspondence {
  readonly id: string
  /** The Message-ID that it answers to. */
  readonly thread: string
  readonly at: string
}

async function write({ subject, text }: Filled, { from, to, id, thread, at }: Letterhead): Promise<Buffer> {
  const body = Buffer.from(mailLines(text))
  const encoding = encodingOf(body)
  const { default: MimeNode } = await import('nodemailer/lib/mime-node')
  // Headers alone: with a body, it would take a line of more than 76 letters for a reason to encode the whole.
  const head = new MimeNode('text/plain; charset=utf-8').setHeader([
    { key: 'From', value: `imagedrop <${from}>` },
    { key: 'To', value: to.join(', ') },
    { key: 'Subject', value: subject },
    { key: 'Date', value: new Date(at).toUTCString().replace('GMT', '+0000') },
    { key: 'Message-ID', value: id },
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
