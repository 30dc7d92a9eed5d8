import type { CalendarEntry } from '#events/calendar.ts'
import type { CalendarListing, Outcome } from '../calendars.ts'
import { cleanText, count, dayInWords } from './words.ts'

/** A drop in the calendar, as people read of it. All text is one clean line. */
export interface Appointment {
  /** What all drops of a release have in common: `Debian-12`. */
  readonly release: string
  /** Names it within the release, whenever it is due: `weekly-2026-W29`, `Beta`. */
  readonly key: string
  /** `Debian 12 weekly cloud images` */
  readonly title: string
  readonly due: string
  /** It is due on that day, at no certain hour. */
  readonly isDay: boolean
  readonly revision: number
  readonly changedAt: string
  readonly state:
    'planned' | 'overdue' | 'begun' | 'published' | 'failed' | 'withdrawn' | 'expired' | 'unchanged' | 'called off'
  /** What came of it, in a sentence. */
  readonly says: string
  readonly drop: string | null
  /** Nothing has come of it, and nothing of what was due after it either. */
  readonly isAhead: boolean
}

/** Tells what is in the calendars, by time. */
export function tellCalendars({ releases, outcomesOf }: CalendarListing): Appointment[] {
  return releases
    .flatMap(({ stream, entries }) => {
      const release = cleanText(stream)
      const lastWeek = entries.findLast(({ milestone, drop }) => milestone === null && drop !== null)?.due ?? ''
      return entries.map((entry) => {
        const outcomes = entry.drop === null ? [] : outcomesOf(entry.drop)
        const { key, due, milestone, revision, drop } = entry
        const told = tellOutcome(entry, outcomes)
        const open = told.state === 'planned' || told.state === 'overdue'
        return {
          release,
          key,
          title: `${release.replaceAll('-', ' ')} ${milestone ?? 'weekly'} cloud images`,
          due,
          isDay: milestone !== null,
          revision,
          changedAt: [entry.changedAt, ...outcomes.map(({ at }) => at)].toSorted().at(-1) ?? entry.changedAt,
          drop,
          isAhead: open && (milestone !== null || due > lastWeek),
          ...told,
        }
      })
    })
    .toSorted((one, other) => (one.due < other.due ? -1 : 1))
}

function tellOutcome(
  { due, drop, overdue, calledOff }: CalendarEntry,
  outcomes: readonly Outcome[],
): Pick<Appointment, 'state' | 'says'> {
  const find = (what: Outcome['what']) => outcomes.find((one) => one.what === what)
  const [published, withdrawn, failed] = [find('published'), find('withdrawn'), find('failed')]
  const [expired, unchanged] = [find('expired'), find('unchanged')]
  if (calledOff) return { state: 'called off', says: 'It was called off.' }
  if (published) {
    const when = `Published on ${dayInWords(published.at)}${lateness(due, published.at)}`
    return withdrawn
      ? { state: 'withdrawn', says: `${when}, withdrawn on ${dayInWords(withdrawn.at)}.` }
      : { state: 'published', says: `${when}.` }
  }
  if (withdrawn)
    return { state: 'withdrawn', says: `Withdrawn on ${dayInWords(withdrawn.at)}, before it was published.` }
  if (expired) return { state: 'expired', says: `Expired on ${dayInWords(expired.at)}, before it was published.` }
  if (unchanged)
    return {
      state: 'unchanged',
      says: `It was not built: nothing had changed since ${cleanText(unchanged.why ?? '')}.`,
    }
  if (failed) return { state: 'failed', says: `Failed on ${dayInWords(failed.at)}: ${cleanText(failed.why ?? '')}` }
  if (drop !== null) return { state: 'begun', says: `Its drop ${cleanText(drop)} was begun; it is not published yet.` }
  if (overdue) return { state: 'overdue', says: 'It is overdue: no compose has come for it.' }
  return { state: 'planned', says: 'It is made of the first compose that finishes after that.' }
}

function lateness(due: string, at: string): string {
  const days = Math.floor((Date.parse(at) - Date.parse(due)) / 86_400_000)
  return days < 1 ? '' : `, ${count(days, 'day')} after it was due`
}
