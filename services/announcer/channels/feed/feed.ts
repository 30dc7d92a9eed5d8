import type { Feed as FeedClass } from 'feed'
import type { Story } from '../../story/story.ts'
import { count } from '../../story/words.ts'
import { html, type Html } from '#markup/html.ts'

/** What a feed is told of itself. */
export interface FeedSettings {
  readonly title: string
  readonly domain: string
  /** The folder that page and feed are seen in, absolute and with a slash at its end. */
  readonly pageUrl: string
  readonly entries: number
}

/** The Atom id of a drop's entry (RFC 4151): it never changes, wherever the page moves. */
export function entryIdOf({ drop, day }: Story, domain: string): string {
  return `tag:${domain},${day}:drop/${drop}`
}

/** A feed in both of its forms. */
export interface RenderedFeed {
  readonly atom: string
  /** JSON Feed 1 (jsonfeed.org). */
  readonly json: string
}

/** Writes the feed of the newest drops. The same stories make the same bytes. */
export async function renderFeed(stories: readonly Story[], settings: FeedSettings): Promise<RenderedFeed> {
  const { Feed } = await import('feed')
  const fill = (write: (text: string) => string) => fillFeed(Feed, stories, { ...settings, write })
  return {
    // Atom's titles and summaries are markup here, JSON Feed's are text.
    atom: fill((text) => html`${text}`.markup).atom1(),
    json: fill((text) => text).json1(),
  }
}

interface Filling extends FeedSettings {
  readonly write: (text: string) => string
}

function fillFeed(
  Feed: typeof FeedClass,
  stories: readonly Story[],
  { title, domain, pageUrl, entries, write }: Filling,
): FeedClass {
  const changes = stories.map((story) => story.changedAt).sort()
  const feed = new Feed({
    id: `tag:${domain},2013:drops`,
    title,
    updated: new Date(changes.at(-1) ?? 0),
    generator: 'imagedrop',
    author: { name: 'imagedrop' },
    link: `${pageUrl}index.html`,
    feedLinks: { atom: `${pageUrl}feed.atom`, json: `${pageUrl}feed.json` },
  })
  for (const story of stories.slice(0, entries)) {
    feed.addItem({
      id: entryIdOf(story, domain),
      title: write(`${story.title}${story.withdrawn === null ? '' : ' [superseded]'}`),
      link: pageOf(story, pageUrl),
      published: new Date(story.publishedAt),
      date: new Date(story.changedAt),
      description: write(summaryOf(story)),
      content: contentOf(story, pageUrl),
    })
  }
  return feed
}

function summaryOf({ images, withdrawn, blessedBy }: Story): string {
  if (withdrawn !== null) {
    return withdrawn.reason === null
      ? `Superseded by ${withdrawn.by}.`
      : `Withdrawn by ${withdrawn.by}: ${withdrawn.reason}`
  }
  const passed = images.filter((image) => image.passed).length
  return `${String(passed)} of ${count(images.length, 'image')} passed the boot test; blessed by ${blessedBy}.`
}

/** In short: what is known of the drop stands on its page, and feeds are fetched again and again. */
function contentOf(story: Story, pageUrl: string): string {
  const link = html`<p><a href="${pageOf(story, pageUrl)}">Downloads, image ids, checksums and boot tests</a></p>`
  const summary = html`<p>${summaryOf(story)}</p>`.markup
  return story.withdrawn === null ? `${summary}${verdicts(story).markup}${link.markup}` : summary
}

function verdicts({ images }: Story): Html {
  return html`<ul>
    ${images.map(({ key, passed, failure }) => html`<li>${key}: ${passed ? 'passed' : (failure ?? 'failed')}</li> `)}
  </ul>`
}

function pageOf({ drop }: Story, pageUrl: string): string {
  return `${pageUrl}drops/${encodeURIComponent(drop)}.html`
}
