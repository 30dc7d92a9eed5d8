import type { Story } from '../../../story/story.ts'
import { html, type Html } from '#markup/html.ts'
import { addresses, releaseTitle, type Page, type Place } from '../parts/site.ts'
import { publishedOn } from '../parts/verdict.ts'

/** What stays at the address of a drop that was withdrawn: why, and what to take instead. It links none of its files. */
export function tombstonePage(story: Story, successor: Story | null): Page {
  const { drop, release, compose } = story
  return {
    path: addresses.drop(story),
    title: story.title,
    content: (at) =>
      html`<p class="failure">${reason(story, successor, at)}</p>
        <p>
          Drop ${drop} of compose ${compose} was published on ${publishedOn(story)}. Take
          <a href="${at.to(addresses.release(release))}">another drop of ${releaseTitle(release)}</a>.
        </p>`,
  }
}

function reason({ withdrawn }: Story, successor: Story | null, at: Place): Html {
  if (withdrawn?.why === 'expired') return html`This drop has expired, by the retention policy: its files are gone.`
  const by = successor ? html`<a href="${at.to(addresses.drop(successor))}">${successor.drop}</a>` : withdrawn?.by
  if (withdrawn?.reason != null) return html`This drop was withdrawn by ${withdrawn.by}: ${withdrawn.reason}.`
  return html`This drop was withdrawn: superseded by ${by ?? ''}.`
}
