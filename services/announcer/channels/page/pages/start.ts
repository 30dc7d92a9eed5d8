import type { Appointment } from '../../../story/appointment.ts'
import type { Story } from '../../../story/story.ts'
import { html, type Html } from '#markup/html.ts'
import { nextDrops } from '../calendar/next-drops.ts'
import { shortImagePanel } from '../parts/image-panel.ts'
import { addresses, releaseTitle, type Page, type Place } from '../parts/site.ts'
import { dropVerdict, publishedOn, verdictText } from '../parts/verdict.ts'
import { verifyCommands } from '../parts/verify.ts'

/** Releases that had no drop for longest are named in a line, so that the page stays short. */
const releasesInFull = 8

/** The page that people come to: the newest drop of each release. Stories are newest first. */
export function startPage(title: string, stories: readonly Story[], appointments: readonly Appointment[] = []): Page {
  const releases = [...Map.groupBy(standing(stories), ({ release }) => release)]
  const inFull = releases.slice(0, releasesInFull)
  const others = releases.slice(releasesInFull)
  return {
    path: addresses.start,
    title,
    content: (at) =>
      html`<p class="lead">Cloud images, built from finished composes, boot-tested, published with checksums.</p>
        ${releases.length === 0 ? html`<p>No drop is published at the moment.</p>` : ''}
        ${releases.length > 1 ? releaseLinks(releases, at) : ''}
        ${inFull.map(([release, drops]) => releaseSection(release, drops, at))}
        ${others.length === 0 ? '' : otherReleases(others, at)} ${nextDrops(appointments, at)}`,
  }
}

function standing(stories: readonly Story[]): Story[] {
  return stories.filter(({ withdrawn }) => withdrawn === null)
}

function releaseLinks(releases: readonly (readonly [string, readonly Story[]])[], at: Place): Html {
  return html`<nav aria-label="Releases">
    <ul class="jump">
      ${releases.map(([release], index) => {
        const href = index < releasesInFull ? `#${release}` : at.to(addresses.release(release))
        return html`<li><a href="${href}">${releaseTitle(release)}</a></li> `
      })}
    </ul>
  </nav>`
}

function releaseSection(release: string, drops: readonly Story[], at: Place): Html {
  const [newest] = drops
  if (!newest) return html``
  const milestone = drops.find(({ label }) => label !== null)
  return html`<section class="release" aria-labelledby="${release}">
    <h2 id="${release}">${releaseTitle(release)}</h2>
    <p><a href="${at.to(addresses.drop(newest))}">${newest.title}</a> ${dropVerdict(newest)} ${publishedOn(newest)}</p>
    <div class="images">${newest.images.map((image) => shortImagePanel(newest, image, at))}</div>
    <details>
      <summary>Verify a download<span class="unseen"> of ${newest.title}</span></summary>
      ${verifyCommands(newest, at)}
    </details>
    <ul>
      ${
        milestone && milestone !== newest
          ? html`<li><a href="${at.to(addresses.drop(milestone))}">${milestone.title}</a></li>`
          : ''
      }
      <li><a href="${at.to(addresses.release(release))}">History of ${releaseTitle(release)}</a></li>
    </ul>
  </section> `
}

function otherReleases(releases: readonly (readonly [string, readonly Story[]])[], at: Place): Html {
  return html`<section aria-labelledby="others">
    <h2 id="others">Other releases</h2>
    <ul>
      ${releases.map(
        ([release, [newest]]) =>
          html`<li>
            <a href="${at.to(addresses.release(release))}">${releaseTitle(release)}</a>${
              newest ? html`, ${publishedOn(newest)}, ${verdictText(newest)}` : ''
            }
          </li> `,
      )}
    </ul>
  </section>`
}
