import type { Story } from '../../../story/story.ts'
import { html, type Html } from '#markup/html.ts'
import { addresses, releaseTitle, type Page, type Place } from '../parts/site.ts'
import { verdictText } from '../parts/verdict.ts'

/** The year that a drop is listed in. */
export function yearOf({ day }: Pick<Story, 'day'>): string {
  return day.slice(0, 4)
}

/** The anchor of a release's drops of one month. */
export function monthId(release: string, month: string): string {
  return `${release}-${month}`
}

/** All drops of one year, by release and month. Stories are newest first. */
export function yearPage(year: string, stories: readonly Story[]): Page {
  const releases = [...Map.groupBy(stories, ({ release }) => release)].toSorted(([one], [other]) =>
    one < other ? -1 : 1,
  )
  return {
    path: addresses.year(year),
    title: `Drops of ${year}`,
    content: (at) =>
      html`<p><a href="${at.to(addresses.all)}">All years</a></p>
        ${releases.map(([release, drops]) => releaseSection(release, drops, at))}`,
  }
}

function releaseSection(release: string, drops: readonly Story[], at: Place): Html {
  return html`<section aria-labelledby="${release}">
    <h2 id="${release}"><a href="${at.to(addresses.release(release))}">${releaseTitle(release)}</a></h2>
    ${[...Map.groupBy(drops, ({ day }) => day.slice(0, 7))].map(
      ([month, some]) =>
        html`<h3 id="${monthId(release, month)}">${month}</h3>
          <ul>
            ${some.map(dropItem)}
          </ul>`,
    )}
  </section>`
}

/** The same for the same drop, whatever page it is on: all of them are in the folder of years. */
const items = new WeakMap<Story, Html>()

function dropItem(story: Story): Html {
  const item = items.get(story) ?? renderItem(story)
  items.set(story, item)
  return item
}

function renderItem(story: Story): Html {
  const note = [story.label ?? [], noteOf(story)].flat().filter((word) => word !== '')
  return html`<li>
    <a href="../${addresses.drop(story)}">${story.compose}</a>${note.length === 0 ? '' : `, ${note.join(', ')}`}
  </li> `
}

function noteOf(story: Story): string {
  if (story.withdrawn !== null) return 'superseded'
  return story.images.every(({ passed }) => passed) ? '' : verdictText(story)
}
