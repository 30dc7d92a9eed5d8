import { join } from 'node:path'
import { writeDurably } from './durable-file.ts'
import type { DropRecord, Records } from './records.ts'
import type { LinkTo } from './story/link.ts'
import { tellStory, type Story } from './story/story.ts'
import { entryIdOf, renderFeed, type FeedSettings } from './web/feed.ts'
import { renderPage } from './web/page.ts'

/** Page and feed, as files that a web server may serve. */
export interface Noticeboard {
  readonly page: string
  readonly feed: string
  /** Writes both anew from the records. */
  renew(): Promise<void>
}

interface NoticeboardOptions {
  readonly folder: string
  readonly records: Records
  readonly linkTo: LinkTo
  readonly feed: FeedSettings
}

/** Makes the noticeboard in a folder. */
export function createNoticeboard({ folder, records, linkTo, feed }: NoticeboardOptions): Noticeboard {
  const board = { page: join(folder, 'index.html'), feed: join(folder, 'feed.atom') }
  return {
    ...board,
    async renew() {
      const told = (await records.all()).flatMap((record) => tell(record, linkTo, feed.domain)).sort(newestFirst)
      const page = renderPage(
        feed.title,
        told.map(({ story }) => story),
      )
      await writeDurably(board.feed, await renderFeed(told, feed))
      await writeDurably(board.page, page)
    },
  }
}

interface Told {
  readonly id: string
  readonly story: Story
}

/** An expired drop is gone from the mirror, so it goes from here; a superseded one is shown as such. */
function tell(record: DropRecord, linkTo: LinkTo, domain: string): Told[] {
  const story = record.withdrawn?.why === 'expired' ? null : tellStory(record, linkTo)
  if (!story || !record.published) return []
  return [{ id: entryIdOf(record.published.body, domain), story }]
}

function newestFirst({ story: one }: Told, { story: other }: Told): number {
  if (one.publishedAt !== other.publishedAt) return one.publishedAt < other.publishedAt ? 1 : -1
  return one.drop < other.drop ? 1 : -1
}
