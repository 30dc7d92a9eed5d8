import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Ledger } from '#ledger/ledger.ts'
import { checkMirror } from '../line/scene.ts'
import { looks } from '../processes/waiting-services.ts'
import { soak, type Aftermath } from './soak.ts'

/** `npm run test:faults` runs the long one: 200 drops over 3 processes of each service. */
const long = process.env['IMAGEDROP_TEST_SOAK'] === 'long'
const drops = long ? 200 : 8
const seed = Number(process.env['IMAGEDROP_TEST_SEED'] ?? Date.now() % 1_000_000)

it(`${String(drops)} drops survive kills, restarts, cut connections and messages that come twice, each exactly once`, async () => {
  console.info(`seed ${String(seed)}`)
  const options = long
    ? { processesOfEach: 3, faultEvery: 4_000, deadline: 1_500_000 }
    : { processesOfEach: 1, faultEvery: 2_500, deadline: 240_000 }
  await soak({ drops, seed, ...options }, judge)
}, 1_800_000)

async function judge({ infrastructure: { ledger, state }, mailbox, faults, seconds }: Aftermath): Promise<void> {
  console.info(`${String(Math.round(seconds))} s, ${JSON.stringify(Object.fromEntries(faults))}`)
  const quarantined = await ledger.jobs({ states: ['quarantined', 'failed'] })
  expect(quarantined.map((job) => `${job.service} ${job.envelope.subject}: ${String(job.error)}`)).toEqual([])

  for (const subject of [
    'drop.scheduled.v1',
    'drop.staged.v1',
    'drop.mirrored.v1',
    'drop.published.v1',
    'drop.announced.v1',
  ]) {
    expect(await countOf(ledger, subject), subject).toEqual({ said: drops, drops })
  }
  for (const subject of ['image.built.v1', 'image.converted.v1', 'image.tested.v1']) {
    expect(await countOf(ledger, subject), subject).toEqual({ said: 4 * drops, drops })
  }
  expect(await countOf(ledger, 'image.published.v1')).toEqual({ said: 2 * drops, drops })

  // Each has waited, and for what it should; what was kept and what woke it is looked at by the waiting services themselves.
  const waited = async (service: string, subject = 'image.built.v1') =>
    (await ledger.jobs({ service, states: ['done'] }))
      .filter(({ envelope }) => envelope.subject === subject)
      .map((job) => job.waited)
  const conversions = (await waited('converter')).filter((one) => one !== null)
  expect(conversions.map(({ why }) => why).filter((why) => why === 'time')).toEqual([])
  expect(conversions).toHaveLength(4 * drops)
  expect(
    (await waited('announcer', 'drop.published.v1')).filter((one) => one !== null).map(({ state }) => state),
  ).toEqual(Array.from({ length: drops }, () => ({ looked: looks })))

  const cloud = join(state, 'cloud')
  expect(globSync('*', { cwd: cloud }).filter((name) => name !== 'public')).toHaveLength(2 * drops)
  const open = new Set((await readFile(join(cloud, 'public'), 'utf8')).trim().split('\n'))
  expect(open.size).toBe(2 * drops)
  expect(await checkMirror(join(state, 'mirror'))).toBeGreaterThanOrEqual(4 * 3 * drops)
  expect(globSync('*.eml', { cwd: join(state, 'announcements') })).toHaveLength(drops)
  // A kill between the server's 250 and our note of it sends the same message again; readers see one.
  expect(new Set(mailbox.messageIds).size).toBe(drops)
  console.info(`${String(mailbox.messageIds.length - drops)} mails were sent a second time under their Message-ID`)
}

async function countOf(ledger: Ledger, subject: string): Promise<{ said: number; drops: number }> {
  const events = await ledger.events({ subject, limit: 100_000 })
  return { said: events.length, drops: new Set(events.map(({ envelope }) => envelope.drop)).size }
}
