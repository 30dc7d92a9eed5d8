import { join } from 'node:path'
import type { DropAnnounced } from '#events/drop-announced.ts'
import type { DropPublished } from '#events/drop-published.ts'
import { readIfThere, writeDurably } from './durable-file.ts'
import type { Deliver } from './mail/delivery.ts'
import { messageIdOf } from './mail/identity.ts'
import { writeMessage, type Correspondence, type Message } from './mail/message.ts'
import type { Noticeboard } from './noticeboard.ts'
import type { DropRecord, Records } from './records.ts'
import type { LinkTo } from './story/link.ts'
import { tellStory } from './story/story.ts'
import { entryIdOf } from './web/feed.ts'

/** What the announcer announces with. */
export interface Announcer {
  /** `<state>/announcements` */
  readonly folder: string
  readonly records: Records
  readonly noticeboard: Noticeboard
  readonly mirrorLink: LinkTo
  readonly correspondence: Correspondence
  /** Null when no mail server is configured: then the file is all there is. */
  readonly deliver: Deliver | null
}

/**
 * Announces a drop, page and feed first, so that the mail finds them there. Resolves with who was told; null for a
 * drop that was withdrawn before, which nobody is told of.
 */
export async function announceDrop(
  body: DropPublished,
  at: string,
  announcer: Announcer,
  signal: AbortSignal,
): Promise<DropAnnounced['told'] | null> {
  const { folder, records, noticeboard, correspondence, deliver } = announcer
  const record = await records.publish(body, at)
  await noticeboard.renew()
  if (record.withdrawn) return null

  const file = join(folder, `${body.drop}.eml`)
  const message = await provideMessage(file, record, body, announcer)
  if (deliver) await deliver(body.drop, message, correspondence, signal)
  const mails = deliver ? correspondence.to : []
  return [
    ...mails.map((to) => ({ channel: 'mail' as const, to, id: message.id })),
    { channel: 'file' as const, to: file, id: message.id },
    { channel: 'feed' as const, to: noticeboard.feed, id: entryIdOf(body, correspondence.domain) },
    { channel: 'page' as const, to: noticeboard.page, id: body.drop },
  ]
}

/** A message that was written once is sent as it was written, also by a newer version of this program. */
async function provideMessage(
  file: string,
  record: DropRecord,
  body: DropPublished,
  { mirrorLink, correspondence }: Announcer,
): Promise<Message> {
  const written = await readIfThere(file)
  if (written) return { id: messageIdOf(body.drop, correspondence.domain), bytes: written }
  const story = tellStory(record, mirrorLink)
  if (!story) throw new Error(`${body.drop}: its record does not say that it is published`)
  const message = await writeMessage(story, body, correspondence)
  await writeDurably(file, message.bytes)
  return message
}
