import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { afterAll, expect, it } from 'vitest'
import { wanted } from '#ledger/testing/ledger.ts'
import { openLedgerToAsk } from '../stack.ts'

const program = join(import.meta.dirname, '..', 'imagedrop.js')
const state = await mkdtemp(join(tmpdir(), 'imagedrop-retention-'))
afterAll(() => rm(state, { recursive: true }))

/** What the scheduler would remember under a key. */
async function remember(key: string, memory: unknown): Promise<void> {
  const now = new Date()
  await using ledger = await openLedgerToAsk(state, {})
  await ledger.accept('scheduler', [wanted(key)], now)
  const until = new Date(now.getTime() + 60_000)
  const [job] = await ledger.lease('scheduler', { owner: 'test', now, until, limit: 1 })
  if (!job) throw new Error('the job was accepted')
  const { version } = await ledger.entity('scheduler', key)
  await ledger.finish(job.id, 'test', { state: 'done', events: [], entity: { key, version, state: memory } }, now)
}

function weekly(date: string) {
  const compose = `Fedora-44-${date}.n.0`
  const scheduledAt = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T06:00:00.000Z`
  const kind = { drop: `weekly-${compose}`, kind: 'weekly', milestone: null, compose, date, respin: 0, label: null }
  return { ...kind, scheduledAt, told: 'nothing', standing: 'open' }
}

it('shows what would go and why, what would go first, and ends nothing', async () => {
  await remember('cadence', { streams: ['Fedora-44'] })
  const stream = { newest: null, served: null, drops: [weekly('20250102'), weekly('20250109')] }
  await remember('stream:Fedora-44', stream)
  const { stdout } = await run(program, ['retention', '--state', state])
  expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['DROP', 'KIND', 'WHY'],
    ['weekly-Fedora-44-20250102.n.0', 'weekly', 'goes', expect.stringMatching(/^it is \d+ days old$/)],
    ['weekly-Fedora-44-20250109.n.0', 'weekly', 'stays', 'it is the newest open one of its kind'],
    [''],
  ])
  const json = await run(program, ['retention', '--json', '--state', state])
  expect(
    json.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { goes: boolean }).goes),
  ).toEqual([true, false])
  await using ledger = await openLedgerToAsk(state, {})
  expect((await ledger.entity('scheduler', 'stream:Fedora-44')).state).toEqual(stream)
}, 60_000)
