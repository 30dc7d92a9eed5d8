import type { Appointment } from '../../story/appointment.ts'
import type { Story } from '../../story/story.ts'
import { allPage } from './pages/all.ts'
import { dropPage } from './pages/drop.ts'
import { releasePage } from './pages/release.ts'
import { startPage } from './pages/start.ts'
import { tombstonePage } from './pages/tombstone.ts'
import { yearOf, yearPage } from './pages/year.ts'
import type { Page } from './parts/site.ts'

/** Pages to be written, one group after the other, so that no page leads to one that is not there yet. */
export type PagePlan = readonly (readonly Page[])[]

/**
 * The pages that show what is new of some drops: theirs, those of their releases and years, and the two that show all.
 * Stories are those of all drops, newest first; a drop among the changed ones that is not in them has expired.
 */
export function planPages(
  title: string,
  stories: readonly Story[],
  changed: readonly Story[],
  appointments: readonly Appointment[] = [],
): PagePlan {
  const byDrop = new Map(stories.map((story) => [story.drop, story]))
  const names = new Set(changed.map(({ drop }) => drop))
  // What was withdrawn for a drop leads to it as soon as it has a page.
  const predecessors = stories.filter(({ drop, withdrawn }) => withdrawn && names.has(withdrawn.by) && !names.has(drop))
  const dropPages = [...changed, ...predecessors].map((story) => pageOf(byDrop.get(story.drop) ?? story, byDrop))
  const releases = new Set(changed.map(({ release }) => release))
  const years = new Set(changed.map(yearOf))
  const releasePages = [...releases].map((one) =>
    releasePage(
      one,
      stories.filter(({ release }) => release === one),
      appointments.some(({ release }) => release === one),
    ),
  )
  const yearPages = [...years].map((one) =>
    yearPage(
      one,
      stories.filter((story) => yearOf(story) === one),
    ),
  )
  return [dropPages, [...releasePages, ...yearPages], [allPage(stories)], [startPage(title, stories, appointments)]]
}

function pageOf(story: Story, byDrop: ReadonlyMap<string, Story>): Page {
  if (story.withdrawn === null) return dropPage(story)
  return tombstonePage(story, byDrop.get(story.withdrawn.by) ?? null)
}
