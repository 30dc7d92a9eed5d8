import type { Story } from '../../../story/story.ts'
import { count } from '../../../story/words.ts'
import { html, type Html } from '#markup/html.ts'
import { addresses, releaseTitle, type Page, type Place } from '../parts/site.ts'
import { monthId, yearOf } from './year.ts'

/** Where each drop is to be found: years, releases and months. Stories are newest first. */
export function allPage(stories: readonly Story[]): Page {
  const years = [...Map.groupBy(stories, yearOf)].toSorted(([one], [other]) => (one < other ? 1 : -1))
  return {
    path: addresses.all,
    title: 'All drops',
    content: (at) =>
      html`<p>${count(stories.length, 'drop')}, by release and month.</p>
        ${years.map(([year, drops]) => yearSection(year, drops, at))}`,
  }
}

function yearSection(year: string, drops: readonly Story[], at: Place): Html {
  const page = at.to(addresses.year(year))
  const releases = [...Map.groupBy(drops, ({ release }) => release)].toSorted(([one], [other]) =>
    one < other ? -1 : 1,
  )
  return html`<section aria-labelledby="y${year}">
    <h2 id="y${year}"><a href="${page}">${year}</a></h2>
    <dl class="months">
      ${releases.map(
        ([release, some]) =>
          html`<div>
            <dt><a href="${at.to(addresses.release(release))}">${releaseTitle(release)}</a></dt>
            <dd>
              ${[...Map.groupBy(some, ({ day }) => day.slice(0, 7))].map(
                ([month, { length }]) =>
                  html`<a href="${page}#${monthId(release, month)}">${month}</a> <small>(${length})</small> `,
              )}
            </dd>
          </div> `,
      )}
    </dl>
  </section> `
}
