import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyOfDrop } from '#drop/read.ts'
import { unknownDrop, unknownImage, type DropState } from '#drop/state.ts'
import { say } from '#events/define.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { seal } from '#events/envelope.ts'
import { exampleDrop, exampleImage, exampleRegistration } from '#events/examples.ts'
import { imageKey } from '#events/vocabulary.ts'
import { openLedger } from './backends/open-ledger.ts'
import { readLedgerSettings } from './backends/settings.ts'
import { readClaims } from './claims.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'imagedrop-claims-'))
})
afterAll(() => rm(home, { recursive: true }))

const plan = { ...dropScheduled.example, images: [exampleImage] }
const word = { time: '2013-05-21T10:00:00Z', registrations: [exampleRegistration] }
const images = { [imageKey(exampleImage)]: { ...unknownImage, published: { ec2: word } } }
const published: DropState = { ...unknownDrop, plan, images, published: true }

/** What is read of a ledger in which the drop is so, and a publisher has a job on it if told. */
async function claimsOf(state: DropState, hasJob = false) {
  const folder = await mkdtemp(join(home, 'state-'))
  await using ledger = await openLedger(readLedgerSettings({}), folder, pino({ level: 'silent' }))
  const now = new Date()
  const scheduled = seal(say(dropScheduled, plan), { now })
  const blessed = seal(say(dropBlessed, dropBlessed.example), { now })
  await ledger.accept('scheduler', [{ envelope: scheduled, key: 'key', wanted: true, endsWork: false }], now)
  if (hasJob) await ledger.accept('a-publisher', [{ envelope: blessed, key: null, wanted: true, endsWork: false }], now)
  const lease = { owner: 'test', now, until: new Date(now.getTime() + 60_000), limit: 1 }
  const [job] = await ledger.lease('scheduler', lease)
  const entity = { key: keyOfDrop(exampleDrop), version: 0, state }
  await ledger.finish(job?.id ?? 0, 'test', { state: 'done', events: [scheduled], entity }, now)
  return await readClaims(ledger, ['a-publisher'])
}

it('claims of a published drop that its images are public, whoever watches over them', async () => {
  const claim = { drop: exampleDrop, state: 'public', isUnderway: false, registrations: [exampleRegistration] }
  expect(await claimsOf(published)).toEqual([claim])
  expect(await claimsOf(published, true)).toEqual([claim])
})

it.each([
  ['is superseded', { end: { how: 'superseded', by: 'x', said: true } }, 'ended'],
  ['has expired', { end: { how: 'expired', keptDays: 30, said: true } }, 'ended'],
  ['is not published yet', { published: false }, 'private'],
  ['was cancelled', { published: false, end: { how: 'cancelled', by: 'x', said: true } }, 'private'],
] satisfies [string, Partial<DropState>, string][])('does not claim so of one that %s', async (_, change, state) => {
  expect(await claimsOf({ ...published, ...change })).toMatchObject([{ state, isUnderway: false }])
  expect(await claimsOf({ ...published, ...change }, true)).toMatchObject([{ state, isUnderway: true }])
})
