import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nothingFound } from './audits.ts'
import { createPublications, type Listing, type Publications } from './publications.ts'
import { createShown } from './shown.ts'
import type { Story } from './story/story.ts'
import { debianDrop } from './testing/drops.ts'

const noon = '2026-07-11T12:00:00.000Z'
const titles = new Map<string, string>()
const noCalendars = { all: () => Promise.resolve({ releases: [], outcomesOf: () => [], stamp: '' }) }
const noAudits = { all: () => Promise.resolve(nothingFound) }
const unchanged = () => Promise.resolve(null)
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shown-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** Writes the drops' days into a file, after a while. */
function showDays(publications: Publications, wait: number) {
  let writes = 0
  const renew = createShown({ publications, calendars: noCalendars, audits: noAudits, titles })(async (
    stories: readonly Story[],
  ) => {
    writes += 1
    await sleep(wait)
    await writeFile(join(folder, 'days'), stories.map(({ day }) => day).join(' '))
  })
  return { renew, writes: () => writes, shown: () => readFile(join(folder, 'days'), 'utf8') }
}

it('shows every drop, newest first, however many ask at once, with few writes', async () => {
  const publications = createPublications(join(folder, 'drops'))
  const { renew, writes, shown } = showDays(publications, 20)
  const days = Array.from({ length: 20 }, (_, index) => String(20260701 + index))
  await Promise.all(
    days.map(async (day, index) => {
      await publications.publish(debianDrop(day), new Date(Date.parse(noon) + index).toISOString(), unchanged)
      await renew()
      expect(await shown()).toContain(day.slice(-2))
    }),
  )
  expect(await shown()).toBe(
    days
      .toReversed()
      .map((day) => `2026-07-${day.slice(-2)}`)
      .join(' '),
  )
  expect(writes()).toBeLessThan(10)
})

it('shows what another process has published meanwhile, whoever of the two writes last', async () => {
  const [ours, theirs] = [createPublications(join(folder, 'drops')), createPublications(join(folder, 'drops'))]
  await ours.publish(debianDrop('20260711'), noon, unchanged)
  const slow = showDays(ours, 200)
  const quick = showDays(theirs, 0)
  const renewing = slow.renew()
  await sleep(50)
  await theirs.publish(debianDrop('20260712'), '2026-07-12T12:00:00.000Z', unchanged)
  await quick.renew()
  await renewing
  expect(await slow.shown()).toBe('2026-07-12 2026-07-11')
})

it('makes nobody wait for the drops of others that keep coming', async () => {
  const publications = createPublications(join(folder, 'drops'))
  const { renew, writes } = showDays(publications, 50)
  await publications.publish(debianDrop('20260701'), noon, unchanged)
  const first = renew().then(writes)
  const later: Promise<void>[] = []
  for (let day = 20260702; day < 20260722; day += 1) {
    await sleep(10)
    await publications.publish(debianDrop(String(day)), noon, unchanged)
    later.push(renew())
  }
  expect(await first).toBe(1)
  await Promise.all(later)
})

it('goes on after a write that failed', async () => {
  const publications = createPublications(join(folder, 'drops'))
  let fails = true
  const renew = createShown({ publications, calendars: noCalendars, audits: noAudits, titles })(() =>
    fails ? Promise.reject(new Error('full')) : Promise.resolve(),
  )
  await expect(Promise.all([renew(), renew()])).rejects.toThrow('full')
  fails = false
  await renew()
})

it('reads and checks again only what has changed', async () => {
  const publications = createPublications(join(folder, 'drops'))
  for (const day of ['20260711', '20260712']) await publications.publish(debianDrop(day), noon, unchanged)
  const before = await publications.all()
  await publications.withdraw(debianDrop('20260711').drop, { why: 'superseded', by: 'somebody', at: noon })
  const after = await publications.all()
  const of = (all: Listing, day: string) => all.publications.find(({ body }) => body.drop === debianDrop(day).drop)
  expect(after).not.toBe(before)
  expect(of(after, '20260712')).toBe(of(before, '20260712'))
  expect(of(after, '20260711')).toMatchObject({ withdrawn: { why: 'superseded', by: 'somebody' } })
  expect(await publications.all()).toBe(after)
  // Also once it was so long ago that shelves are not looked into any more.
  await sleep(200)
  for (const _twice of [1, 2]) expect(await publications.all()).toBe(after)
  const other = createPublications(join(folder, 'drops'))
  await other.withdraw(debianDrop('20260712').drop, { why: 'superseded', by: 'nobody', at: noon })
  expect(of(await publications.all(), '20260712')).toMatchObject({ withdrawn: { by: 'nobody' } })
})
