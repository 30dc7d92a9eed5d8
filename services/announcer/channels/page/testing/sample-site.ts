import { calendarChanged, type CalendarEntry } from '#events/calendar.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { withFailure } from '../../../testing/drops.ts'
import { superseded } from '../../../testing/news.ts'
import type { TestAnnouncer } from '../../../testing/open-announcer.ts'
import { addresses } from '../parts/site.ts'
import { notePublications } from './note-publications.ts'
import { debian12, rawhide, sampleDrop, weeklyDrops } from './sample-drops.ts'

const monday = new Date('2026-11-23T06:00:00.000Z')

const standing = 'weekly-Debian-12-20261123.n.0'
const failed = 'weekly-Fedora-Rawhide-20261116.n.0'
const withdrawn = 'weekly-Debian-12-20261116.n.0'

/** A page of each kind that is about one drop. */
export const samples = {
  standing: addresses.drop({ drop: standing }),
  failed: addresses.drop({ drop: failed }),
  withdrawn: addresses.drop({ drop: withdrawn }),
}

/** The news of three weeks: the first has its drop, the second is overdue when it is over. */
function calendarOf(stream: string, first: Date, drop: string): Envelope {
  const entries = [0, 1, 2].map((week): CalendarEntry => {
    const due = new Date(first.getTime() + week * 7 * 86_400_000)
    const isOver = due <= monday
    return {
      key: `weekly-2026-W${String(47 + week)}`,
      milestone: null,
      due: due.toISOString(),
      revision: 0,
      changedAt: monday.toISOString(),
      drop: week === 0 ? drop : null,
      overdue: week > 0 && isOver,
      calledOff: false,
    }
  })
  return seal({ subject: calendarChanged.subject, body: { stream, entries } }, { now: monday })
}

/** Shows half a year of drops of three releases: one is a candidate, one has a failed image, one is withdrawn. */
export async function showSampleSite(announcer: TestAnnouncer): Promise<void> {
  const fedora43 = { ...rawhide, version: '43', label: 'Beta-1.2' }
  const candidate = new Date('2026-09-01T06:00:00.000Z')
  const drops = [
    { body: sampleDrop(fedora43, candidate), at: candidate.toISOString() },
    ...weeklyDrops(rawhide, 12, new Date(monday.getTime() - 7 * 86_400_000)),
    ...weeklyDrops(debian12, 26, monday),
  ].map(({ body, at }) => ({
    body: body.drop === failed ? withFailure('no package provides "cloud-init"', body) : body,
    at,
  }))
  await notePublications(announcer.at('.'), drops)
  const old = drops.find(({ body }) => body.drop === withdrawn)
  if (old) await announcer.hear(superseded(old.body, standing, monday.toISOString()))
  await announcer.hear(calendarOf('Debian-12', monday, standing))
  await announcer.hear(calendarOf('Fedora-Rawhide', new Date(monday.getTime() - 7 * 86_400_000), failed))
}
