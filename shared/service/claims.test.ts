import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { say, type Said } from '#events/define.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { exampleDrop, exampleImage, exampleRegistration } from '#events/examples.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import type { MissingPlace, Registration } from '#events/vocabulary.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { readClaims } from './claims.ts'

const now = new Date()
const service = 'a-publisher'
const image = 'ec2.x86_64'
const here = exampleRegistration
const there = { ...here, place: 'eu-west-1', id: 'ami-00000000000000001' }
const failed = { ...exampleImage, architecture: 'i686' as const }

const uploaded = (registrations: Registration[], plan = exampleImage) =>
  say(imageUploaded, { ...imageUploaded.example, image: plan, registrations })
const published = (registrations: Registration[], missing?: MissingPlace[]) =>
  say(imagePublished, { ...imagePublished.example, registrations, ...(missing && { missing }) })

/** A job of the publisher: what it is on, what it said, and whether it is over. */
type Job = readonly [on: Said, said: readonly Said[], state?: 'done' | 'waiting' | 'running' | 'quarantined']

let ledger: Ledger
const cleanup = new AsyncDisposableStack()
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-claims-'))
  cleanup.defer(() => rm(folder, { recursive: true }))
  ledger = cleanup.use(await openSqliteLedger(folder))
})
afterAll(() => cleanup.disposeAsync())

let drops = 0

/** What is claimed of a drop by a publisher that has done so, in that order. */
async function claimsAfter(...jobs: readonly Job[]) {
  const drop = `${exampleDrop}-${String((drops += 1))}`
  const sealed = ({ subject, body }: Said) => seal({ subject, body: { ...(body as object), drop } }, { now })
  for (const [on, said, state = 'done'] of jobs) {
    await ledger.accept(service, [{ envelope: sealed(on), key: null, wanted: true, endsWork: false }], now)
    const until = new Date(now.getTime() + 60_000)
    const [job] = await ledger.lease(service, { owner: 'test', now, until, limit: 1 })
    const events = said.map(sealed)
    if (state === 'waiting')
      await ledger.park(job?.id ?? 0, 'test', { events, for: null, until, reason: 'a day', state: null }, now)
    else if (state !== 'running') await ledger.finish(job?.id ?? 0, 'test', { state, events }, now)
  }
  return (await readClaims(paged(), { service, target: 'ec2' })).filter((one) => one.drop === drop)
}

/** A ledger that is not to be asked for all words at once. */
function paged(): Pick<Ledger, 'events' | 'jobs'> {
  return {
    jobs: (selector) => ledger.jobs(selector),
    events(selector) {
      expect(selector.limit).toBeLessThanOrEqual(1_000)
      return ledger.events(selector)
    },
  }
}

const test = say(imageTested, imageTested.example)
const bless = say(dropBlessed, dropBlessed.example)
const upload: Job = [test, [uploaded([here, there])]]
const publish: Job = [bless, [published([here, there])], 'waiting']

it('claims that what it published is public, though a job watches over it', async () => {
  const registrations = [here, there].map((one) => ({ ...one, image, isPublic: true }))
  expect(await claimsAfter(upload, publish)).toMatchObject([{ state: 'public', isUnderway: false, registrations }])
})

it('claims nothing to be public that is only uploaded, or was of a failed image of a published drop', async () => {
  expect(await claimsAfter(upload)).toMatchObject([{ state: 'private', registrations: [{ isPublic: false }, {}] }])
  const other: Job = [test, [uploaded([{ ...here, id: 'ami-00000000000000002' }], failed)]]
  expect(await claimsAfter(upload, other, publish)).toMatchObject([
    {
      state: 'public',
      registrations: [{ isPublic: true }, { isPublic: true }, { image: 'ec2.i686', isPublic: false }],
    },
  ])
})

it('still claims what could not be had in a place for a while, and is at work there', async () => {
  const missing = [{ target: 'ec2', place: there.place, reason: 'it is away' }]
  const [claim] = await claimsAfter(upload, [bless, [published([here], missing)], 'waiting'])
  expect(claim).toMatchObject({ state: 'public', isUnderway: true })
  expect(claim?.registrations.map(({ id, isPublic }) => [id, isPublic])).toEqual([
    [here.id, true],
    [there.id, true],
  ])
})

it('claims by what was said last of a place', async () => {
  const anew = { ...there, id: 'ami-00000000000000003' }
  const [claim] = await claimsAfter(upload, [bless, [published([here, anew])], 'waiting'])
  expect(claim?.registrations.map(({ id }) => id)).toEqual([here.id, anew.id])
})

it.each([
  ['is superseded', say(dropSuperseded, dropSuperseded.example)],
  ['has expired', say(dropExpired, dropExpired.example)],
])('claims nothing any more of a drop that %s, once it is withdrawn', async (_, ending) => {
  expect(await claimsAfter(upload, publish, [ending, [], 'waiting'])).toMatchObject([
    { state: 'ended', isUnderway: true },
  ])
  const bare: Job = [bless, [published([here, there])]]
  expect(await claimsAfter(upload, bare, [ending, []])).toMatchObject([{ state: 'ended', isUnderway: false }])
})

it('knows of a drop that it has begun with, and of one that it could not go on with', async () => {
  expect(await claimsAfter([test, [], 'running'])).toMatchObject([{ state: 'private', isUnderway: true }])
  expect(await claimsAfter([test, [], 'quarantined'])).toMatchObject([{ state: 'private', isUnderway: false }])
})

it('claims nothing for a target that is not its own', async () => {
  const elsewhere = { ...here, target: 'marketplace' }
  expect(await claimsAfter([test, [uploaded([elsewhere])]])).toEqual([])
})
