import { setImmediate } from 'node:timers/promises'
import type { AuditListing, Audits } from './audits.ts'
import type { CalendarListing, Calendars } from './calendars.ts'
import type { Listing, Publication, Publications } from './publications.ts'
import { tellCalendars, type Appointment } from './story/appointment.ts'
import { tellStory, type Story, type Titles } from './story/story.ts'

interface Sources {
  readonly publications: Publications
  readonly calendars: Pick<Calendars, 'all'>
  readonly audits: Pick<Audits, 'all'>
  readonly titles: Titles
}

/**
 * Makes functions that write what shows all drops. All that ask while a write runs are served by one more. Another
 * process may write at the same time, from an older state: whoever finds after its write that the drops have changed
 * writes again, unless the next write is waiting already. So the last write is of what they are.
 */
export function createShown({ publications, calendars, audits, titles }: Sources) {
  /** A publication that has not changed is the same object, and so is its story, unless an audit found something else. */
  const told = new WeakMap<Publication, { readonly story: Story; readonly stamp: string; readonly found: string }>()
  function storyOf(publication: Publication, listing: AuditListing): Story {
    const before = told.get(publication)
    if (before?.stamp === listing.stamp) return before.story
    const found = foundOn(publication, listing)
    const story = before?.found === found ? before.story : tellStory(publication, titles, listing)
    told.set(publication, { story, stamp: listing.stamp, found })
    return story
  }

  /** Drops that stand, newest first; the same for the same listing, as several show it. */
  const ordered = new WeakMap<Listing, { readonly stamp: string; readonly stories: readonly Story[] }>()
  function storiesOf({ listing, audit }: State): readonly Story[] {
    const before = ordered.get(listing)
    if (before?.stamp === audit.stamp) return before.stories
    const standing = listing.publications.filter(({ withdrawn }) => withdrawn?.why !== 'expired')
    const stories = standing.map((one) => storyOf(one, audit)).sort(newestFirst)
    ordered.set(listing, { stamp: audit.stamp, stories })
    return stories
  }

  /** Those who ask at once are answered by one reading: it begins after they have asked. */
  let reading: Promise<State> | null = null
  let latest: State | null = null
  function readAll(): Promise<State> {
    reading ??= setImmediate().then(async () => {
      reading = null
      const [listing, calendar, audit] = await Promise.all([publications.all(), calendars.all(), audits.all()])
      const isSame =
        latest?.listing === listing && latest.calendar.stamp === calendar.stamp && latest.audit.stamp === audit.stamp
      latest = isSame && latest ? latest : { listing, calendar, audit }
      return latest
    })
    return reading
  }

  return (
    write: (stories: readonly Story[], appointments: readonly Appointment[]) => Promise<void>,
  ): (() => Promise<void>) => {
    let running: Promise<void> = Promise.resolve()
    let waiting: Promise<void> | null = null

    async function writeUntilCurrent(): Promise<void> {
      for (;;) {
        const state = await readAll()
        await write(storiesOf(state), tellCalendars(state.calendar))
        if (waiting !== null || (await readAll()) === state) return
      }
    }

    return () => {
      waiting ??= running
        .catch(() => null)
        .then(() => {
          waiting = null
          running = writeUntilCurrent()
          return running
        })
      return waiting
    }
  }
}

/** All that is shown, at one moment; the same object while nothing has changed. */
interface State {
  readonly listing: Listing
  readonly calendar: CalendarListing
  readonly audit: AuditListing
}

/** What audits found on the images of a publication. */
function foundOn({ body }: Publication, { findingOn }: AuditListing): string {
  return JSON.stringify(body.images.flatMap(({ registrations }) => registrations.map(findingOn)))
}

function newestFirst(one: Story, other: Story): number {
  if (one.publishedAt !== other.publishedAt) return one.publishedAt < other.publishedAt ? 1 : -1
  return one.drop < other.drop ? 1 : -1
}
