import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dropExpired } from '#events/drop-expired.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { exampleDrop } from '#events/examples.ts'
import { everyEvent, everyEventOf } from './every-event.ts'
import type { Ledger, OutboxRow } from './ledger.ts'
import { openSqliteLedger } from './sqlite/open.ts'

const [expired, superseded] = [dropExpired.subject, dropSuperseded.subject]
/** What is said in the ledger, in this order. */
const subjects = [superseded, superseded, superseded, expired, superseded, expired, superseded]

let ledger: Ledger
const cleanup = new AsyncDisposableStack()
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-every-event-'))
  cleanup.defer(() => rm(folder, { recursive: true }))
  ledger = cleanup.use(await openSqliteLedger(folder))
  const now = new Date()
  for (const subject of subjects) {
    await ledger.say(seal({ subject, body: { drop: exampleDrop } }, { now }), now, {
      service: 'scheduler',
      owner: 'test',
    })
  }
})
afterAll(() => cleanup.disposeAsync())

/** The subjects of rows, if their order is that in which they were said. */
async function subjectsOf(rows: AsyncGenerator<OutboxRow>): Promise<string[]> {
  const all: OutboxRow[] = []
  for await (const row of rows) all.push(row)
  expect(all).toEqual(all.toSorted((one, other) => one.seq - other.seq))
  return all.map(({ envelope }) => envelope.subject)
}

it.each([1, 2, 3, 7, 8])('gives every event once and in order, %i at a time', async (atOnce) => {
  expect(await subjectsOf(everyEvent(ledger, {}, atOnce))).toEqual(subjects)
  expect(await subjectsOf(everyEvent(ledger, { subject: expired }, atOnce))).toEqual([expired, expired])
  expect(await subjectsOf(everyEventOf(ledger, [expired, superseded], atOnce))).toEqual(subjects)
  expect(await subjectsOf(everyEventOf(ledger, ['image.built.v1'], atOnce))).toEqual([])
})

it('asks for no more at once than it was told', async () => {
  const limits: unknown[] = []
  const events: Ledger['events'] = (selector) => {
    limits.push(selector.limit)
    return ledger.events(selector)
  }
  await subjectsOf(everyEventOf({ events }, [expired, superseded], 2))
  expect(limits).toEqual([2, 2, 2, 2, 2])
})
