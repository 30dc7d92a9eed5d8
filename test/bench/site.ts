import { globSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { notePublications } from '../../services/announcer/channels/page/testing/note-publications.ts'
import { debian12, sampleDrop } from '../../services/announcer/channels/page/testing/sample-drops.ts'
import { expired, published } from '../../services/announcer/testing/news.ts'
import { openAnnouncer } from '../../services/announcer/testing/open-announcer.ts'

const day = 86_400_000
const newest = Date.parse('2026-11-23T06:00:00.000Z')
const rounds = 41

/** Of so many drops: what one more costs by file, feed and page, and how large the largest page of each kind is. */
export interface SiteFigures {
  /** Milliseconds for the first drop that a process tells of, and at the median for one after it. */
  readonly first: number
  readonly wall: number
  readonly processor: number
  /** Bytes by the page, or the folder that the pages are in. */
  readonly sizes: Readonly<Record<string, number>>
}

/** Tells of one drop after the other, each of which expires again, where there are so many. */
export async function measureSite(drops: number): Promise<SiteFigures> {
  await using announcer = await openAnnouncer()
  const dropOf = (index: number) => {
    const date = new Date(newest + index * day)
    return { body: sampleDrop(debian12, date), at: date.toISOString() }
  }
  await notePublications(
    announcer.at('.'),
    Array.from({ length: drops - 1 }, (_, index) => dropOf(-1 - index)),
  )
  const times: { wall: number; processor: number }[] = []
  for (let round = 0; round < rounds; round += 1) {
    const { body, at } = dropOf(round)
    const began = performance.now()
    const used = process.cpuUsage()
    await announcer.hear(published(body, at))
    const { user, system } = process.cpuUsage(used)
    times.push({ wall: performance.now() - began, processor: (user + system) / 1_000 })
    if (round < rounds - 1) await announcer.hear(expired(body))
  }
  const [first, ...others] = times
  return {
    first: first?.wall ?? 0,
    wall: median(others.map(({ wall }) => wall)),
    processor: median(others.map(({ processor }) => processor)),
    sizes: largestOf(announcer.at('.')),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

function largestOf(folder: string): Record<string, number> {
  const sizes: Record<string, number> = {}
  for (const path of globSync('**/*.{html,atom,css}', { cwd: folder })) {
    const kind = dirname(path) === '.' ? path : dirname(path)
    sizes[kind] = Math.max(sizes[kind] ?? 0, statSync(join(folder, path)).size)
  }
  return sizes
}
