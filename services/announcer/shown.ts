import { setImmediate } from 'node:timers/promises'
import type { CalendarListing, Calendars } from './calendars.ts'
import type { Listing, Publication, Publications } from './publications.ts'
import { tellCalendars, type Appointment } from './story/appointment.ts'
import { tellStory, type Story, type Titles } from './story/story.ts'

/**
 * Makes functions that write what shows all drops. All that ask while a write runs are served by one more. Another
 * process may write at the same time, from an older state: whoever finds after its write that the drops have changed
 * writes again, unless the next write is waiting already. So the last write is of what they are.
 */
export function createShown(publications: Publications, calendars: Pick<Calendars, 'all'>, titles: Titles) {
  /** A publication that has not changed is the same object, and so is its story. */
  const told = new WeakMap<Publication, Story>()
  function storyOf(publication: Publication): Story {
    const story = told.get(publication) ?? tellStory(publication, titles)
    told.set(publication, story)
    return story
  }

  /** Drops that stand, newest first; the same for the same listing, as several show it. */
  const ordered = new WeakMap<Listing, readonly Story[]>()
  function storiesOf(listing: Listing): readonly Story[] {
    const standing = listing.publications.filter(({ withdrawn }) => withdrawn?.why !== 'expired')
    const stories = ordered.get(listing) ?? standing.map(storyOf).sort(newestFirst)
    ordered.set(listing, stories)
    return stories
  }

  /** Those who ask at once are answered by one reading: it begins after they have asked. */
  let reading: Promise<State> | null = null
  let latest: State | null = null
  function readAll(): Promise<State> {
    reading ??= setImmediate().then(async () => {
      reading = null
      const [listing, calendar] = await Promise.all([publications.all(), calendars.all()])
      const isSame = latest?.listing === listing && latest.calendar.stamp === calendar.stamp
      latest = isSame && latest ? latest : { listing, calendar }
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
        await write(storiesOf(state.listing), tellCalendars(state.calendar))
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
}

function newestFirst(one: Story, other: Story): number {
  if (one.publishedAt !== other.publishedAt) return one.publishedAt < other.publishedAt ? 1 : -1
  return one.drop < other.drop ? 1 : -1
}
