import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { seal } from '#events/envelope.ts'
import { imageRequested } from '#events/image-requested.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { describeJob, jobLine } from './describe-job.ts'

const now = new Date('2026-01-01T12:00:00Z')
const until = new Date('2026-01-01T18:00:00Z')

/** A job of the builder that waits, in a ledger of its own. */
async function waitingJob() {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-jobs-'))
  const ledger = await openSqliteLedger(folder)
  const envelope = seal(say(imageRequested, imageRequested.example), { now })
  await ledger.accept('builder', [{ envelope, key: null, wanted: true, endsWork: false }], now)
  const [job] = await ledger.lease('builder', { owner: 'a', now, until, limit: 1 })
  const wait = { for: 'koji/6380373', until, reason: 'a Koji task', state: { task: 6_380_373 }, events: [] }
  await ledger.park(job?.id ?? 0, 'a', wait, now)
  return {
    ledger,
    async read() {
      const [found] = await ledger.jobs({ drop: envelope.drop ?? '', service: 'builder', eventId: envelope.id })
      if (!found) throw new Error('the job is gone')
      return found
    },
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

it('says what a job waits for, since when and until when', async () => {
  await using job = await waitingJob()
  expect(jobLine(await job.read(), [])).toBe(
    'builder waiting with ec2.x86_64 on image.requested.v1: for a Koji task (koji/6380373) ' +
      'since 2026-01-01 12:00Z, looks again 2026-01-01 18:00Z at the latest',
  )
  expect(describeJob(await job.read(), [])).toMatchObject({
    state: 'waiting',
    waiting: { reason: 'a Koji task', kind: 'others', for: 'koji/6380373', since: now, until },
  })
})

it('says of a job whose drop is cancelled that it is still to be cleaned up', async () => {
  await using job = await waitingJob()
  const envelope = seal(say(dropCancelled, { drop: imageRequested.example.drop, by: 'somebody' }), { now })
  await job.ledger.accept('builder', [{ envelope, key: null, wanted: false, endsWork: true, abandons: true }], now)
  expect(jobLine(await job.read(), [])).toBe(
    'builder waiting with ec2.x86_64 on image.requested.v1: cancelled, to be cleaned up',
  )
})

it('says of a job that nobody can run what all workers lack', async () => {
  await using job = await waitingJob()
  const capacity = { host: 'one', cores: 4, memoryMib: 4_000, diskMib: 0, kvm: false, root: false, architectures: [] }
  const workers = ['builder', 'converter'].map((service) => ({ service, owner: 'a', slots: 1, capacity }))
  const queued = { ...(await job.read()), state: 'queued', waiting: null, needs: { kvm: true } } as const
  expect(jobLine(queued, workers)).toBe('builder queued with ec2.x86_64 on image.requested.v1: no worker has kvm')
  expect(describeJob(queued, workers)).toMatchObject({ needs: { kvm: true }, unfit: 'no worker has kvm' })
  expect(describeJob({ ...queued, needs: { cores: 4 } }, workers)).toMatchObject({ unfit: null })
  expect(describeJob({ ...queued, service: 'announcer' }, workers)).toMatchObject({ unfit: null })
})
