import type { ComposeRef } from '#events/vocabulary.ts'
import type { Story } from '../story/story.ts'
import { count } from '../story/words.ts'
import { html } from './html.ts'
import { imagePanel } from './image-panel.ts'

/** What a feed is told of itself. */
export interface FeedSettings {
  readonly title: string
  readonly domain: string
  /** The folder that page and feed are seen in, absolute. */
  readonly pageUrl: string
  readonly entries: number
}

/** The Atom id of a drop's entry (RFC 4151): it never changes, wherever the page moves. */
export function entryIdOf({ drop, compose }: { drop: string; compose: ComposeRef }, domain: string): string {
  const { date } = compose
  return `tag:${domain},${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}:drop/${drop}`
}

/** Writes the Atom feed of the newest drops. The same stories make the same bytes. */
export async function renderFeed(
  stories: readonly { readonly id: string; readonly story: Story }[],
  { title, domain, pageUrl, entries }: FeedSettings,
): Promise<string> {
  const { Feed } = await import('feed')
  const page = pageUrl.endsWith('/') ? pageUrl : `${pageUrl}/`
  const changes = stories.map(({ story }) => story.changedAt).sort()
  const feed = new Feed({
    id: `tag:${domain},2013:drops`,
    title,
    updated: new Date(changes.at(-1) ?? 0),
    generator: 'imagedrop',
    author: { name: 'imagedrop' },
    link: `${page}index.html`,
    feedLinks: { atom: `${page}feed.atom` },
  })
  for (const { id, story } of stories.slice(0, entries)) {
    feed.addItem({
      id,
      // The feed's titles and summaries are markup too.
      title: html`${story.title}${story.supersededBy === null ? '' : ' [superseded]'}`.markup,
      link: `${page}index.html#${encodeURIComponent(story.drop)}`,
      published: new Date(story.publishedAt),
      date: new Date(story.changedAt),
      description: html`${summaryOf(story)}`.markup,
      content: contentOf(story),
    })
  }
  return feed.atom1()
}

function summaryOf({ images, supersededBy, blessedBy }: Story): string {
  if (supersededBy !== null) return `Superseded by ${supersededBy}.`
  const passed = images.filter((image) => image.passed).length
  return `${String(passed)} of ${count(images.length, 'image')} passed the boot test; blessed by ${blessedBy}.`
}

function contentOf(story: Story): string {
  const summary = html`<p>${summaryOf(story)}</p>`.markup
  return story.supersededBy === null
    ? summary + story.images.map((image) => imagePanel(image).markup).join('')
    : summary
}
