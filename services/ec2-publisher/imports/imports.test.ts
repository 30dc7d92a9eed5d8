import { setTimeout as sleep } from 'node:timers/promises'
import { writeFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { createFaultyProxy, type Fate, type Meets } from '#publishing/testing/faulty-proxy.ts'
import { deathAt, doAll, openTrial, persistent } from '#publishing/testing/trial.ts'
import type { ClaimedDrop } from '#service/audit.ts'
import { messageOf } from '#service/errors.ts'
import { testContext } from '#test/support/context.ts'
import { audit } from '../audit.ts'
import type { EmulatorOptions } from '../emulator/start.ts'
import { ec2Publisher } from '../service.ts'
import { bytesOf, handleOnce, inventory, keepDisk, readBack, superseded, tested, woken } from '../testing/bench.ts'
import {
  followImport,
  importAccount,
  keepLargeDisk,
  openImportHouse,
  openImportPlace,
  type ImportBench,
  type ImportHouse,
} from '../testing/import-bench.ts'

const patient = { timeout: 20_000 }

let house: ImportHouse
beforeAll(async () => {
  house = await openImportHouse()
}, 600_000)
afterEach(() => {
  vi.unstubAllEnvs()
})
afterAll(async () => {
  await house[Symbol.asyncDispose]()
})

/** What the publisher asks of EC2, in order. */
function counting(calls: string[]): Partial<EmulatorOptions> {
  return {
    faults({ operation, isDryRun }) {
      if (!isDryRun) calls.push(operation)
      return null
    },
  }
}

/** The time of the cloud, where an import of a minute is half through whenever some of it has passed. */
function createClock() {
  let ahead = 0
  return {
    now: () => new Date(Date.now() + ahead),
    pass: () => {
      ahead += 40_000
    },
  }
}

/** Nothing of ours is in the bucket, whole or in parts. */
async function expectEmpty({ bucket }: ImportBench) {
  expect([await bucket.keys(), await bucket.unfinished()]).toEqual([[], []])
}

it('puts the disk into the bucket, has AWS make a snapshot of it, registers that, and leaves nothing in the bucket', async () => {
  const calls: string[] = []
  await using bench = await house.setUp(counting(calls))
  const disk = await keepLargeDisk(bench.artifacts)
  const { events, waits } = await followImport(bench, tested(disk))
  expect(events).toMatchObject([{ subject: 'image.uploaded.v1', body: { bytes: disk.size } }])
  expect(new Set(waits)).toEqual(new Set(['AWS to import the disk']))
  const { images, snapshots } = await inventory(bench)
  expect(images).toMatchObject([{ Public: false, State: 'available' }])
  expect(snapshots).toHaveLength(1)
  expect(snapshots[0]?.Tags).toContainEqual({ Key: 'imagedrop:verified', Value: disk.sha256 })
  const back = await readBack(bench, snapshots[0]?.SnapshotId ?? '', disk.size)
  expect(back.equals(await bytesOf(bench.artifacts, disk))).toBe(true)
  await expectEmpty(bench)
  expect(calls.filter((one) => one === 'ImportSnapshot')).toHaveLength(1)
  expect(calls).not.toContain('StartSnapshot')
  // Delivered again, nothing is begun again.
  expect((await followImport(bench, tested(disk))).waits).toEqual([])
})

it('looks once whether a region takes the disk, and again only for what was not looked at', async () => {
  const asked: string[] = []
  const options: Partial<EmulatorOptions> = {
    delays: { import: 60_000 },
    faults({ isDryRun, region }) {
      if (isDryRun) asked.push(region)
      return null
    },
  }
  await using bench = await house.setUp(options)
  const event = tested(await keepDisk(bench.artifacts, 1))
  const first = await handleOnce(bench, event)
  expect(new Set(asked)).toEqual(new Set(['us-east-1']))
  asked.length = 0
  const second = await handleOnce(bench, event, woken(first))
  expect(second.wait).toMatchObject({ reason: 'AWS to import the disk' })
  expect(asked).toEqual([])
  await bench.restart(options, { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, eu-west-1' })
  await handleOnce(bench, event, woken(second))
  expect(new Set(asked)).toEqual(new Set(['eu-west-1']))
})

it('goes on with an upload that was cut off, and sends no part again that is there', async () => {
  await using bench = await house.setUp()
  const disk = await keepLargeDisk(bench.artifacts)
  const parts: string[] = []
  const meets: Meets = ({ method, path }) => {
    const number = method === 'PUT' ? (/partNumber=(\d+)/.exec(path)?.[1] ?? null) : null
    if (number !== null) parts.push(number)
    return number === '2' ? 'lost' : 'passes'
  }
  {
    await using proxy = createFaultyProxy(meets)
    await bench.restart({}, { IMAGEDROP_EC2_PUBLISHER_IMPORT_ENDPOINT: await proxy.via(house.server.url) })
    const stop = new AbortController()
    const work = handleOnce(bench, tested(disk), { signal: stop.signal })
    await expect.poll(() => parts.filter((one) => one === '2').length, patient).toBeGreaterThan(1)
    stop.abort(new Error('killed'))
    await expect(work).rejects.toThrow('killed')
  }
  expect(await bench.bucket.unfinished()).toHaveLength(1)
  parts.length = 0
  await using proxy = createFaultyProxy((call) => (meets(call), 'passes'))
  await bench.restart({}, { IMAGEDROP_EC2_PUBLISHER_IMPORT_ENDPOINT: await proxy.via(house.server.url) })
  await followImport(bench, tested(disk))
  expect(parts).toEqual(['2'])
  await expectEmpty(bench)
})

it('killed after each of its first changes in turn, to S3 and to EC2, ends with one image and nothing beside it', async () => {
  await using trial = await openTrial({
    atOnce: 1,
    stride: 1,
    open: () => openImportPlace(house),
    async [Symbol.asyncDispose]() {},
  })
  const { place } = trial
  const acted: string[] = []
  for (let death = 1; death <= 6; death += 1) {
    const { meets, signal } = deathAt(place, 1, 'unheard')
    const noting: Meets = (call) => {
      const action = new URLSearchParams(call.body.toString('latin1')).get('Action')
      if (place.isChange(call) && !signal.aborted) acted.push(action ?? call.method)
      return meets(call)
    }
    const upload = trial.with((publisher) => doAll(persistent(publisher), ['upload'], { signal }), {
      meets: noting,
      signal,
    })
    await expect(upload).rejects.toThrow('killed')
  }
  expect(acted).toEqual(['POST', 'PUT', 'POST', 'ImportSnapshot', 'CreateTags', 'RegisterImage'])
  const [registration] = await trial.goOn(['upload'])
  expect(await place.inventory()).toEqual({
    ours: [{ id: registration?.id, isPublic: false, isWhole: true }],
    leftovers: [],
    others: [],
  })
})

it('begins no second import while the first is not to be seen yet', async () => {
  const calls: string[] = []
  const { now, pass } = createClock()
  await using bench = await house.setUp({ ...counting(calls), now, delays: { visibility: 30_000, import: 300_000 } })
  const event = tested(await keepDisk(bench.artifacts, 1))
  for (const _ of [1, 2]) expect((await handleOnce(bench, event)).wait).toBeDefined()
  expect(calls.filter((one) => one === 'ImportSnapshot')).toHaveLength(2)
  pass()
  expect((await bench.region.ec2.describeImportSnapshotTasks({})).ImportSnapshotTasks).toHaveLength(1)
})

it('cancels the import of a drop that is cancelled, removes the disk from the bucket, and can begin anew', async () => {
  const calls: string[] = []
  const clock = createClock()
  await using bench = await house.setUp({ ...counting(calls), now: clock.now, delays: { import: 60_000 } })
  const event = tested(await keepDisk(bench.artifacts, 1))
  expect((await handleOnce(bench, event)).wait).toBeDefined()
  expect(await bench.bucket.keys()).toHaveLength(1)
  const abandon = () => ec2Publisher.abandon?.(event, bench, testContext({ folder: bench.folder }))
  await abandon()
  await abandon()
  await expectEmpty(bench)
  expect(calls.filter((one) => one === 'CancelImportTask')).toHaveLength(1)
  expect((await followImport(bench, event, clock.pass)).events).toMatchObject([{ subject: 'image.uploaded.v1' }])
  expect((await inventory(bench)).snapshots).toHaveLength(1)
  await expectEmpty(bench)
})

it('withdraws what is still being imported: no task, no snapshot and no object is left', async () => {
  await using bench = await house.setUp()
  const event = tested(await keepDisk(bench.artifacts, 1))
  await handleOnce(bench, event)
  // Completed, and nobody has marked its snapshot as ours.
  await expect
    .poll(async () => {
      const { ImportSnapshotTasks: [task] = [] } = await bench.region.ec2.describeImportSnapshotTasks({})
      return task?.SnapshotTaskDetail?.Status
    }, patient)
    .toBe('completed')
  expect((await inventory(bench)).snapshots).toMatchObject([{ Tags: [] }])
  await followImport(bench, superseded([], event.body.drop))
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
  await expectEmpty(bench)
})

it('finds by an audit what is left in the bucket, and removes it for drops that it knows', async () => {
  await using bench = await house.setUp()
  const event = tested(await keepDisk(bench.artifacts, 1))
  await handleOnce(bench, event)
  await bench.bucket.overwrite('imagedrop/another/ec2.x86_64/0.raw', 'x')
  await bench.bucket.overwrite('theirs', 'x')
  const key = (await bench.bucket.keys()).find((one) => one.includes(event.body.drop)) ?? ''
  const run = async (claim: Pick<ClaimedDrop, 'state' | 'isUnderway'>, repair = false) => {
    const drops = [{ drop: event.body.drop, registrations: [], ...claim }]
    vi.stubEnv('AWS_ACCESS_KEY_ID', importAccount.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', importAccount.secretAccessKey)
    const { findings } = await audit.run({ drops, repair, env: bench.env, signal: AbortSignal.timeout(30_000) })
    return findings.map(({ what, repaired }) => [what.replace(/^s3:\/\/[^/]+\//, ''), repaired])
  }
  const others = ['imagedrop/another/ec2.x86_64/0.raw is of another, which this ledger does not know', false]
  const ours = (repaired: boolean) => [`${key} is still there, and nobody imports it any more`, repaired]
  expect(await run({ state: 'private', isUnderway: true })).toEqual([others])
  expect(await run({ state: 'ended', isUnderway: false })).toEqual([others, ours(false)])
  expect(await run({ state: 'ended', isUnderway: false }, true)).toEqual([others, ours(true)])
  expect(await bench.bucket.keys()).toEqual(['imagedrop/another/ec2.x86_64/0.raw', 'theirs'])
})

it('tells once why AWS could not import a disk, and begins anew for whoever retries', async () => {
  await using bench = await house.setUp()
  const event = tested(await keepDisk(bench.artifacts, 1))
  const said = await handleOnce(bench, event)
  for (const key of await bench.bucket.keys()) await bench.bucket.remove(key)
  await sleep(30)
  const again = handleOnce(bench, event, woken(said))
  await expect(again).rejects.toMatchObject({ failureClass: 'refused' })
  expect(await again.then(() => '', messageOf)).toMatch(
    /import-snap-\w+ in us-east-1 ended as deleted: ClientError: Disk val.*403/,
  )
  expect((await followImport(bench, event)).events).toMatchObject([{ subject: 'image.uploaded.v1' }])
})

it('says that the role may not read the bucket, and sends nothing again when it may', async () => {
  await using bench = await house.setUp({ importRoles: { vmimport: false } })
  const event = tested(await keepDisk(bench.artifacts, 1))
  const work = handleOnce(bench, event)
  await expect(work).rejects.toMatchObject({ failureClass: 'refused' })
  await expect(work).rejects.toThrow(/does not have sufficient permissions \(see to .* the role vmimport, then retry/)
  const puts: string[] = []
  await using proxy = createFaultyProxy(({ method, path }) => {
    if (method === 'PUT') puts.push(path)
    return 'passes'
  })
  await bench.restart(
    { importRoles: { vmimport: true } },
    { IMAGEDROP_EC2_PUBLISHER_IMPORT_ENDPOINT: await proxy.via(house.server.url) },
  )
  await followImport(bench, event)
  expect(puts).toEqual([])
})

it('waits while AWS has as many imports of the account as it takes', async () => {
  const { now, pass } = createClock()
  await using bench = await house.setUp({ now, delays: { import: 60_000 } })
  const { ec2 } = bench.region
  await bench.bucket.overwrite('theirs', 'x')
  const theirs = { Format: 'RAW', UserBucket: { S3Bucket: bench.bucket.name, S3Key: 'theirs' } }
  for (let number = 0; number < 5; number += 1) await ec2.importSnapshot({ DiskContainer: theirs })
  const event = tested(await keepDisk(bench.artifacts, 1))
  expect((await handleOnce(bench, event)).wait).toMatchObject({ reason: 'AWS to import the disk' })
  pass()
  expect((await ec2.describeImportSnapshotTasks({})).ImportSnapshotTasks).toHaveLength(5)
  const { events } = await followImport(bench, event, pass)
  expect(events).toMatchObject([{ subject: 'image.uploaded.v1' }])
  expect((await ec2.describeImportSnapshotTasks({})).ImportSnapshotTasks).toHaveLength(6)
  expect(await bench.bucket.keys()).toEqual(['theirs'])
})

it('says of an image that it was not read back where EBS direct is not allowed', async () => {
  const denied = ['StartSnapshot', 'PutSnapshotBlock', 'ListSnapshotBlocks', 'GetSnapshotBlock']
  await using bench = await house.setUp({ accounts: [{ ...importAccount, denied }] })
  const { events } = await followImport(bench, tested(await keepDisk(bench.artifacts, 1)))
  const details = { unverified: expect.stringMatching(/EBS direct is not allowed/) as string }
  expect(events).toMatchObject([{ body: { registrations: [{ place: 'us-east-1', details }] } }])
})

it('puts nothing over what is not ours, and sends no disk that reads otherwise than it was tested', async () => {
  await using bench = await house.setUp()
  const disk = await keepDisk(bench.artifacts, 1)
  const event = tested(disk)
  const key = `imagedrop/${event.body.drop}/ec2.x86_64/${disk.sha256}.raw`
  await bench.bucket.overwrite(key, 'another disk')
  await expect(handleOnce(bench, event)).rejects.toThrow(/has 12 bytes with the SHA-256 .* remove it, then retry/)
  await bench.bucket.remove(key)
  await writeFile(await bench.artifacts.open(disk), 'damaged')
  await expect(handleOnce(bench, event)).rejects.toMatchObject({ name: 'ArtifactCorrupted' })
  expect(await bench.bucket.unfinished()).toEqual([])
})

it('has S3 hold every part to the digest that the disk had when it was read', async () => {
  await using bench = await house.setUp()
  const disk = await keepDisk(bench.artifacts, 1)
  const path = await bench.artifacts.open(disk)
  const meets: Meets = async ({ method, path: asked }): Promise<Fate> => {
    if (method === 'POST' && asked.includes('?uploads')) await writeFile(path, Buffer.alloc(disk.size, 1))
    return 'passes'
  }
  await using proxy = createFaultyProxy(meets)
  await bench.restart({}, { IMAGEDROP_EC2_PUBLISHER_IMPORT_ENDPOINT: await proxy.via(house.server.url) })
  await expect(handleOnce(bench, tested(disk))).rejects.toThrow(/changed while it was sent to S3/)
  expect(await bench.bucket.keys()).toEqual([])
})

it('looks before the first byte whether bucket and role are there, and whether each call is allowed', async () => {
  const denied = ['ImportSnapshot', 'CancelImportTask']
  await using bench = await house.setUp(
    { accounts: [{ ...importAccount, denied }], importRoles: {} },
    { IMAGEDROP_EC2_PUBLISHER_IMPORT_BUCKETS: 'aws=nobody-has-this' },
  )
  const work = handleOnce(bench, tested(await keepDisk(bench.artifacts, 1)))
  await expect(work).rejects.toMatchObject({ failureClass: 'refused' })
  await expect(work).rejects.toThrow(/may not call ImportSnapshot, CancelImportTask in us-east-1/)
  await expect(work).rejects.toThrow(/there is no bucket nobody-has-this; make it in us-east-1/)
  await expect(work).rejects.toThrow(/there is no role vmimport; make it as AWS's guide/)
})
