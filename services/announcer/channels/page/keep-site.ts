import { join } from 'node:path'
import { readIfThere, writeDurably } from '#files/durable.ts'
import type { Appointment } from '../../story/appointment.ts'
import type { Story } from '../../story/story.ts'
import type { ChannelHost } from '../channel.ts'
import { renderCalendar } from './calendar/render-calendar.ts'
import { renderPage } from './parts/layout.ts'
import { addresses, releaseTitle, type Site } from './parts/site.ts'
import { planPages } from './plan-pages.ts'

/** The site as it is kept: both resolve when it shows what they are asked for. */
export interface KeptSite {
  /** Makes the pages show a drop as it is now. */
  readonly show: (story: Story) => Promise<void>
  /** Makes them show what has changed, the calendar and what audits found too. */
  readonly renew: () => Promise<void>
}

/** Pages in memory, and files open, at a time. */
const atOnce = 16

/**
 * Keeps the site's pages in a folder. Pages of drops that did not change since the last time are left alone; the first
 * time, all are compared with what is there, so that other settings, another theme or another version reach all.
 */
export function keepSite(site: Site, { folder, shown }: Pick<ChannelHost, 'folder' | 'shown'>): KeptSite {
  const asked = new Map<string, Story>()
  let before: ReadonlyMap<string, Story> | null = null

  const renew = shown(async (stories, appointments) => {
    const answered = [...asked.values()]
    const now = new Map(stories.map((story) => [story.drop, story]))
    if (before === null) await writeTheme(site, folder)
    const changed = new Map([...whatChanged(before, now), ...answered].map((story) => [story.drop, story]))
    await writeCalendars(site, folder, appointments)
    for (const pages of planPages(site.title, stories, [...changed.values()], appointments)) {
      for (let index = 0; index < pages.length; index += atOnce) {
        const some = pages.slice(index, index + atOnce)
        await Promise.all(some.map((page) => writeChanged(join(folder, page.path), renderPage(site, page))))
      }
    }
    before = now
    for (const story of answered) if (asked.get(story.drop) === story) asked.delete(story.drop)
  })

  return {
    async show(story) {
      // Asked for by name too: of a process that was killed, nobody knows how far it came.
      asked.set(story.drop, story)
      await renew()
    },
    renew,
  }
}

/** A story that has not changed is the same object; one that is there no more has expired. */
function whatChanged(before: ReadonlyMap<string, Story> | null, now: ReadonlyMap<string, Story>): Story[] {
  const gone = [...(before?.values() ?? [])].filter(({ drop }) => !now.has(drop))
  return [
    ...[...now.values()].filter((story) => before?.get(story.drop) !== story),
    ...gone.map((story) => ({ ...story, withdrawn: { why: 'expired' as const, by: '', reason: null } })),
  ]
}

/** The calendars, of all releases and of each; none as long as nothing is planned. */
async function writeCalendars(site: Site, folder: string, appointments: readonly Appointment[]): Promise<void> {
  const { title: name, domain, pageUrl } = site
  for (const [release, own] of Map.groupBy(appointments, (one) => one.release)) {
    const text = renderCalendar(own, { name: `${name}: ${releaseTitle(release)}`, domain, pageUrl })
    await writeChanged(join(folder, addresses.releaseCalendar(release)), text)
  }
  if (appointments.length === 0) return
  await writeChanged(join(folder, addresses.calendar), renderCalendar(appointments, { name, domain, pageUrl }))
}

async function writeTheme({ theme }: Site, folder: string): Promise<void> {
  for (const [name, bytes] of theme.files) await writeChanged(join(folder, 'theme', name), bytes)
}

/** What cannot be read is written, and if that cannot be either, the error names it. */
async function writeChanged(path: string, content: string | Buffer): Promise<void> {
  const bytes = Buffer.from(content)
  const there = await readIfThere(path).catch(() => null)
  if (!there?.equals(bytes)) await writeDurably(path, bytes)
}
