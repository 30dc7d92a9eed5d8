import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { keyOfDrop } from '#drop/read.ts'
import { unknownDrop } from '#drop/state.ts'
import { cloudAudited, type CloudAudited } from '#events/cloud-audited.ts'
import { say } from '#events/define.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { seal } from '#events/envelope.ts'
import { exampleDrop } from '#events/examples.ts'
import { wanted } from '#ledger/testing/ledger.ts'
import { run } from '#subprocess/run.ts'
import { openLedgerToAsk } from '../stack.ts'

const program = join(import.meta.dirname, '..', 'imagedrop.js')
const state = await mkdtemp(join(tmpdir(), 'imagedrop-status-'))
afterAll(() => rm(state, { recursive: true }))

it('tells below the drops what no worker can run', async () => {
  const now = new Date()
  const has = { cores: 8, memoryMib: 8_000, diskMib: 8_000, kvm: false, root: false, architectures: ['x86_64'] }
  {
    await using ledger = await openLedgerToAsk(state, {})
    const taken = ['boot-tester', 'builder'].map((service) => ({ service, slots: 1 }))
    await ledger.present(taken, 'a', { host: 'one', ...has }, now)
    const jobs = [{ kvm: true }, { kvm: true }, { cores: 1 }].map((needs) => ({ ...wanted(), needs }))
    await ledger.accept('boot-tester', jobs, now)
    await ledger.accept('builder', [{ ...wanted(), needs: { root: true } }], now)
  }
  const { stdout } = await run(program, ['status', '--state', state])
  expect(stdout.trimEnd().split('\n').toSorted()).toEqual([
    'boot-tester: 2 jobs wait, as no worker has kvm',
    'builder: 1 job waits, as no worker has root',
    'there are no drops yet',
  ])
})

it('tells of a drop what the last audit found, and not what is over', async () => {
  const folder = join(state, 'audited')
  const now = new Date()
  const audited = (change: Partial<CloudAudited>) =>
    seal(say(cloudAudited, { ...cloudAudited.example, ...change }), { now })
  {
    await using ledger = await openLedgerToAsk(folder, {})
    await ledger.accept('scheduler', [wanted()], now)
    const lease = { owner: 'test', now, until: new Date(now.getTime() + 60_000), limit: 1 }
    const [job] = await ledger.lease('scheduler', lease)
    const entity = { key: keyOfDrop(exampleDrop), version: 0, state: { ...unknownDrop, plan: dropScheduled.example } }
    const of = (drop: string, id: string) =>
      cloudAudited.example.findings.map((one) => ({ ...one, drop, id, what: `${id} is not public` }))
    const events = [
      audited({ findings: of(exampleDrop, 'ami-1') }),
      audited({ findings: [...of(exampleDrop, 'ami-2'), ...of('another', 'ami-3')] }),
    ]
    await ledger.finish(job?.id ?? 0, 'test', { state: 'done', events, entity }, now)
  }
  const { stdout } = await run(program, ['status', exampleDrop, '--state', folder])
  expect(stdout.match(/ami-.*/g)).toEqual(['ami-2 is not public: us-east-1, found on 2018-04-26'])
})
