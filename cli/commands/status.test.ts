import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
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
