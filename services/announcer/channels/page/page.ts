import type { LinkTo } from '../../story/link.ts'
import type { Story } from '../../story/story.ts'
import { count, dayInWords } from '../../story/words.ts'
import { html, type Html } from '../../web/html.ts'
import { downloadItem, imagePanel } from '../../web/image-panel.ts'
import { style } from './style.ts'

/** Writes the page from stories. */
type RenderPage = (stories: readonly Story[]) => string

/**
 * Makes what writes the page that lists all drops, newest first. It needs no script, and its policy allows none. What
 * stands of a drop is written once for the same story.
 */
export function createPage(title: string, linkTo: LinkTo): RenderPage {
  const articles = new WeakMap<Story, Html>()
  return (stories) =>
    renderPage(title, stories, (story) => {
      const article = articles.get(story) ?? dropArticle(story, linkTo)
      articles.set(story, article)
      return article
    })
}

function renderPage(title: string, stories: readonly Story[], articleOf: (story: Story) => Html): string {
  const standing = stories.filter((story) => story.withdrawn === null)
  const superseded = stories.filter((story) => story.withdrawn !== null)
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title}</title>
        <link rel="alternate" type="application/atom+xml" title="${title}" href="feed.atom" />
        <style>
          ${style}
        </style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p>
            Built from finished composes, boot-tested, and published with checksums. <a href="feed.atom">Atom feed</a>
          </p>
        </header>
        <main>
          ${standing.length === 0 ? html`<p class="empty">No drop is published at the moment.</p>` : standing.map(articleOf)}
        </main>
        ${superseded.length === 0 ? '' : supersededList(superseded)}
        <footer>
          <p>Made by imagedrop. To verify a download: <code>sha256sum -c --ignore-missing</code> its CHECKSUM file.</p>
        </footer>
      </body>
    </html> `
  return page.markup
}

function dropArticle(story: Story, linkTo: LinkTo): Html {
  const { drop, title, publishedAt, compose, blessedBy, images, otherFiles, tree } = story
  const passed = images.filter((image) => image.passed).length
  const complete = passed === images.length
  const badge = complete
    ? html`<span class="badge good">${count(passed, 'image')} passed</span>`
    : html`<span class="badge bad">incomplete: ${passed} of ${images.length}</span>`
  return html`<article id="${drop}" aria-labelledby="${drop}-title">
    <header>
      <h2 id="${drop}-title"><a href="#${drop}">${title}</a></h2>
      <p>
        ${badge}
        <time datetime="${publishedAt}">${dayInWords(publishedAt)}</time>
      </p>
    </header>
    <dl>
      <div>
        <dt>Compose</dt>
        <dd>${compose}</dd>
      </div>
      <div>
        <dt>Blessed by</dt>
        <dd>${blessedBy}</dd>
      </div>
      <div>
        <dt>Tree</dt>
        <dd><a href="${linkTo(tree.path)}">${tree.name}</a></dd>
      </div>
    </dl>
    <div class="images">${images.map((image) => imagePanel(image, linkTo))}</div>
    ${
      otherFiles.length === 0
        ? ''
        : html`<details>
            <summary>Checksums and indexes</summary>
            <ul class="files">
              ${otherFiles.map((file) => downloadItem(file, linkTo))}
            </ul>
          </details>`
    }
  </article> `
}

function supersededList(stories: readonly Story[]): Html {
  return html`<section class="superseded" aria-labelledby="superseded">
    <h2 id="superseded">Superseded</h2>
    <ul>
      ${stories.map(
        ({ drop, title, publishedAt, withdrawn }) =>
          html`<li id="${drop}">${title}, ${dayInWords(publishedAt)}: ${endOf(withdrawn)}</li> `,
      )}
    </ul>
  </section> `
}

function endOf(withdrawn: Story['withdrawn']): string {
  if (withdrawn === null) return ''
  const { by, reason } = withdrawn
  return reason === null ? `superseded by ${by}` : `withdrawn by ${by}: ${reason}`
}
