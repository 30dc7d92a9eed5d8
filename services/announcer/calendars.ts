import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { calendarChanged, type CalendarEntry } from '#events/calendar.ts'
import { readIfThere, writeDurably } from '#files/durable.ts'

const outcome = z.strictObject({
  what: z.enum(['failed', 'published', 'withdrawn', 'expired', 'unchanged']),
  at: z.iso.datetime(),
  /** Why it failed, who withdrew it, or since which drop nothing has changed. */
  why: z.string().nullable(),
})
/** What became of a drop, as far as its place in the calendar is concerned. */
export type Outcome = z.infer<typeof outcome>

const calendar = calendarChanged.schema.and(z.object({ at: z.iso.datetime() }))

/** The calendars of all releases at one moment, and what became of the drops in them. */
export interface CalendarListing {
  readonly releases: readonly { readonly stream: string; readonly entries: readonly CalendarEntry[] }[]
  readonly outcomesOf: (drop: string) => readonly Outcome[]
  /** The same as long as nothing of it changes. */
  readonly stamp: string
}

/** When drops are due, and what became of those that were: files in a folder, which other processes may share. */
export interface Calendars {
  /** Keeps the calendar of a release, unless a later one is there. */
  keep(stream: string, entries: readonly CalendarEntry[], at: string): Promise<void>
  /** Notes what became of a drop; of each kind of outcome the last. */
  note(drop: string, outcome: Outcome): Promise<void>
  all(): Promise<CalendarListing>
}

/** Keeps calendars in a folder: a file for each release, and one for each outcome of a drop. */
export function createCalendars(folder: string): Calendars {
  const [releases, outcomes] = [join(folder, 'releases'), join(folder, 'outcomes')]

  /** What happened before the first day of every calendar is in none any more. */
  async function forgetBefore(day: string): Promise<void> {
    for (const [name, { at }] of await readAll(outcomes, outcome)) {
      if (at < day) await rm(join(outcomes, name), { force: true })
    }
  }

  return {
    async keep(stream, entries, at) {
      const path = join(releases, `${encodeURIComponent(stream)}.json`)
      const before = await readOne(path, calendar)
      if (before !== null && before.at > at) return
      await writeDurably(path, `${JSON.stringify({ stream, entries, at }, null, 2)}\n`)
      const all = [...(await readAll(releases, calendar)).values()]
      const first = all.flatMap((one) => one.entries.map(({ due }) => due)).toSorted()[0]
      if (first !== undefined) await forgetBefore(first)
    },
    async note(drop, value) {
      await writeDurably(join(outcomes, `${drop}.${value.what}.json`), `${JSON.stringify(value)}\n`)
    },
    async all() {
      const kept = [...(await readAll(releases, calendar)).values()]
      const noted = await readAll(outcomes, outcome)
      return {
        releases: kept.map(({ stream, entries }) => ({ stream, entries })),
        outcomesOf: (drop) => outcome.shape.what.options.flatMap((what) => noted.get(`${drop}.${what}.json`) ?? []),
        stamp: JSON.stringify([kept, [...noted]]),
      }
    },
  }
}

async function readAll<Value>(folder: string, schema: z.ZodType<Value>): Promise<Map<string, Value>> {
  await mkdir(folder, { recursive: true })
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.')).toSorted()
  const read = await Promise.all(names.map(async (name) => [name, await readOne(join(folder, name), schema)] as const))
  return new Map(read.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])))
}

async function readOne<Value>(path: string, schema: z.ZodType<Value>): Promise<Value | null> {
  const bytes = await readIfThere(path)
  if (bytes === null) return null
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    throw new Error(`${path} is no part of a calendar`, { cause: error })
  }
}
