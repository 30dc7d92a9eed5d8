import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { cadenceReached } from '#events/cadence.ts'
import type { CloudAudited } from '#events/cloud-audited.ts'
import { say } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { bindService } from '#service/bind.ts'
import { readClaims } from '#service/claims.ts'
import { inboxOf } from '#service/inbox.ts'
import { createMetrics } from '#service/metrics.ts'
import { runServices } from '#service/run.ts'
import type { Cloud } from '../cloud.ts'
import { ec2Publisher } from '../service.ts'
import { blessed, inventory, keepDisk, setUp, tested, type Bench } from '../testing/bench.ts'

const service = 'ec2-publisher'
const day = 86_400_000
const closed = { Remove: [{ Group: 'all' as const }] }
const open = { Add: [{ Group: 'all' as const }] }

interface Policy {
  readonly repair?: boolean
  readonly everyDays?: number
}

/** A process of the publisher, on the ledger that lies in the bench's folder. */
async function start(bench: Bench, { repair = false, everyDays = 1 }: Policy = {}) {
  await using opened = new AsyncDisposableStack()
  const ledger = opened.use(await openSqliteLedger(join(bench.folder, 'ledger')))
  const bus = opened.use(createMemoryBus())
  const audit = { everyDays, repair, claims: () => readClaims(ledger, { service, target: 'ec2' }) }
  const bound = bindService(ec2Publisher, { artifacts: bench.artifacts, cloud: bench.cloud, audit }, { concurrency: 2 })
  let days = 0
  const now = () => new Date(Date.now() + days * day)
  const runtime = { ledger, bus, now, owner: randomUUID(), log: pino({ level: 'silent' }), stateFolder: bench.folder }
  const running = await runServices([{ service: bound }], runtime)
  opened.defer(() => running.stop(0))
  const hear = (event: Envelope) => ledger.accept(service, [inboxOf(bound, [bound]).deliveryOf(event)], now())
  const closing = opened.move()
  return {
    ledger,
    bus,
    hear,
    /** Lets the hour of a later day come, and gives all that was ever said of audits. */
    async auditOn(later: number): Promise<CloudAudited[]> {
      days = later
      await hear(tick(later))
      await settle(ledger)
      return (await ledger.events({ subject: 'cloud.audited.v1' })).map(({ envelope }) => envelope.body as CloudAudited)
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** The hour of the cadence, so many days later. */
function tick(days: number): Envelope {
  const time = new Date(Date.UTC(2026, 0, 1 + days, 6)).toISOString()
  return seal(say(cadenceReached, { time, stream: null }), { now: new Date(), id: randomUUID() })
}

/** Waits until all jobs are done, also those that wait for a second. */
async function settle(ledger: Ledger): Promise<void> {
  const states = ['queued', 'running', 'waiting'] as const
  await expect.poll(() => ledger.jobs({ service, states }), { timeout: 20_000, interval: 10 }).toEqual([])
  expect(await ledger.jobs({ service, states: ['quarantined', 'failed'] })).toEqual([])
}

/** Publishes a drop, and gives the id of its image. */
async function publish({ artifacts }: Bench, { ledger, hear }: Awaited<ReturnType<typeof start>>): Promise<string> {
  await hear(tested(await keepDisk(artifacts)))
  await settle(ledger)
  const [row] = await ledger.events({ subject: 'image.uploaded.v1' })
  const { registrations } = imageUploaded.schema.parse(row?.envelope.body)
  await hear(blessed(registrations))
  await settle(ledger)
  return registrations[0]?.id ?? ''
}

it('says once what is not as it should be, nothing while that stands, and once more when it is over', async () => {
  await using bench = await setUp()
  await using publisher = await start(bench)
  const ImageId = await publish(bench, publisher)
  expect(await publisher.auditOn(1)).toEqual([])
  await bench.region.ec2.modifyImageAttribute({ ImageId, LaunchPermission: closed })
  const [first] = await publisher.auditOn(2)
  const finding = { kind: 'private', place: 'us-east-1', id: ImageId, image: 'ec2.x86_64', since: first?.at }
  const about = { expected: 'public', found: 'private', repair: 'it is made public' }
  expect(first).toMatchObject({ target: 'ec2', places: [{ place: 'us-east-1', looked: 2 }], ended: [] })
  expect(first?.findings).toMatchObject([{ ...finding, ...about }])
  expect(await publisher.auditOn(3)).toHaveLength(1)
  await bench.region.ec2.modifyImageAttribute({ ImageId, LaunchPermission: open })
  const [, last, ...others] = await publisher.auditOn(4)
  expect(others).toEqual([])
  expect(last).toMatchObject({ findings: [], ended: [{ ...finding, repaired: false }] })
})

it('mends what is ours where the policy says so, after it has said what it found', async () => {
  await using bench = await setUp()
  await using publisher = await start(bench, { repair: true })
  const ImageId = await publish(bench, publisher)
  await bench.region.ec2.modifyImageAttribute({ ImageId, LaunchPermission: closed })
  expect(await publisher.auditOn(1)).toMatchObject([
    { findings: [{ id: ImageId }], ended: [] },
    { findings: [], ended: [{ id: ImageId, repaired: true }] },
  ])
  expect((await inventory(bench)).images).toMatchObject([{ Public: true }])
})

it('audits once for all its processes, however often the hour is told, and not before the days are over', async () => {
  await using bench = await setUp()
  let looks = 0
  const cloud: Cloud = {
    ...bench.cloud,
    audit: (...given) => {
      looks += 1
      return bench.cloud.audit(...given)
    },
  }
  await using one = await start({ ...bench, cloud }, { everyDays: 7 })
  await using other = await start({ ...bench, cloud }, { everyDays: 7 })
  const ImageId = await publish(bench, one)
  await bench.region.ec2.deregisterImage({ ImageId })
  await expect.poll(() => inventory(bench)).toMatchObject({ images: [] })
  const hour = tick(0)
  await Promise.all([one.hear(hour), other.hear(hour), one.hear(hour), other.hear(tick(0))])
  await settle(one.ledger)
  expect(await one.auditOn(6)).toMatchObject([{ findings: [{ kind: 'gone', id: ImageId }] }])
  expect(looks).toBe(1)
  expect(await one.auditOn(7)).toHaveLength(1)
  expect(looks).toBe(2)
  const figures = await createMetrics(one.ledger, one.bus, [{ service, target: 'ec2' }]).metrics()
  expect(figures).toContain('imagedrop_audit_findings{target="ec2",kind="gone"} 1')
  expect(figures).toContain('imagedrop_audit_findings{target="ec2",kind="private"} 0')
  expect(figures).toMatch(/imagedrop_audit_due_timestamp_seconds\{target="ec2"\} \d/)
})
