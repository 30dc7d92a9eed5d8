import { html } from '#markup/html.ts'
import { addresses, placeOf, type Page, type Site } from './site.ts'

/** No script, whatever a theme or a drop brings. */
const policy =
  "default-src 'none'; style-src 'self' file:; img-src 'self' file: data:; font-src 'self' file: data:; base-uri 'none'; form-action 'none'"

/** Writes one page of the site: what all pages have, around what only this one has. */
export function renderPage(site: Site, page: Page): string {
  const at = placeOf(site, page.path)
  const { title, theme } = site
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${page.title === title ? title : `${page.title} - ${title}`}</title>
        <link rel="stylesheet" href="${at.to('theme/style.css')}" />
        <link rel="alternate" type="application/atom+xml" title="${title}" href="${at.to('feed.atom')}" />
      </head>
      <body>
        <a class="skip" href="#content">Skip to the content</a>
        ${theme.header(at.root)}
        <nav aria-label="Site">
          <ul>
            <li><a class="home" href="${at.to(addresses.start)}">${title}</a></li>
            <li><a href="${at.to(addresses.all)}">All drops</a></li>
            <li><a href="${at.to('feed.atom')}">Atom feed</a></li>
          </ul>
        </nav>
        <main id="content">
          <h1>${page.title}</h1>
          ${page.content(at)}
        </main>
        <footer><p>Made by imagedrop.</p></footer>
        ${theme.footer(at.root)}
      </body>
    </html> `.markup
}
