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
}
