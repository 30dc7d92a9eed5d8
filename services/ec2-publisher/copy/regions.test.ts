import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { imagePublished } from '#events/image-published.ts'
import { createDirectCloud } from '../cloud/direct-cloud.ts'
import type { FaultScript, SeenCall } from '../emulator/faults.ts'
import {
  blessed,
  bytesOf,
  handle,
  handleOnce,
  inventory,
  keepDisk,
  readBack,
  registrationsIn,
  setUp,
  superseded,
  tested,
  woken,
  type Bench,
} from '../testing/bench.ts'
import { forEachCall, killAt } from '../testing/kill.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const two = { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, eu-west-1' }
const oneAndMore = {
  IMAGEDROP_EC2_PUBLISHER_BEST_EFFORT_REGIONS: 'me-central-1',
  IMAGEDROP_EC2_PUBLISHER_BEST_EFFORT_PATIENCE_SECONDS: '0.1',
}

function down(region: string): FaultScript {
  return (call) => (call.region === region ? 'broken' : null)
}

function at(bench: Bench, region: string) {
  return { region: bench.connect(region) }
}

it('sends a disk once and has it copied to the other regions, where it reads back the same', async () => {
  const calls: SeenCall[] = []
  await using bench = await setUp(
    {
      faults: (call) => {
        calls.push(call)
        return null
      },
    },
    { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, eu-west-1, ap-south-1' },
  )
  const disk = await keepDisk(bench.artifacts)
  const said = await handle(bench, tested(disk))
  const registrations = registrationsIn(said)
  expect(registrations.map((one) => one.place)).toEqual(['us-east-1', 'eu-west-1', 'ap-south-1'])
  const puts = calls.filter((call) => call.operation === 'PutSnapshotBlock')
  expect(new Set(puts.map((call) => call.region))).toEqual(new Set(['us-east-1']))
  expect(said[0]?.body).toMatchObject({ bytes: 4 * 524_288 })
  for (const { place, id, details } of registrations.slice(1)) {
    const { images, snapshots } = await inventory(at(bench, place))
    expect(images).toMatchObject([{ ImageId: id, Public: false, SourceImageId: registrations[0]?.id }])
    const tags = expect.arrayContaining([{ Key: 'imagedrop:sha256', Value: disk.sha256 }]) as unknown
    expect([images[0]?.Tags, snapshots[0]?.Tags]).toEqual([tags, tags])
    const back = await readBack(at(bench, place), details['snapshot'] ?? '', disk.size)
    expect(back.equals(await bytesOf(bench.artifacts, disk))).toBe(true)
  }
})

it('publishes and withdraws in every region', async () => {
  await using bench = await setUp({}, two)
  const event = tested(await keepDisk(bench.artifacts))
  const registrations = registrationsIn(await handle(bench, event))
  await handle(bench, blessed(registrations))
  for (const place of ['us-east-1', 'eu-west-1'])
    expect((await inventory(at(bench, place))).images).toMatchObject([{ Public: true }])
  await handle(bench, superseded(registrations, event.body.drop))
  for (const place of ['us-east-1', 'eu-west-1'])
    expect(await inventory(at(bench, place))).toEqual({ images: [], snapshots: [] })
})

it('holds no worker while AWS copies, and says nothing before the copy is there', async () => {
  await using bench = await setUp(
    { delays: { copy: 60_000 } },
    { ...two, IMAGEDROP_EC2_PUBLISHER_COPY_PATIENCE_SECONDS: '0.05' },
  )
  const event = tested(await keepDisk(bench.artifacts))
  const first = await handleOnce(bench, event)
  expect(first).toMatchObject({ events: [], wait: { for: null, reason: 'copies to other regions' } })
  const again = await handleOnce(bench, event, woken(first))
  expect(again.wait).toMatchObject({ state: first.wait?.state })
  await expect(
    handleOnce(bench, event, { ...woken(again), now: () => new Date(Date.now() + 49 * 3_600_000) }),
  ).rejects.toThrow(/has been on its way to eu-west-1 for 49 hours/)
  expect((await inventory(at(bench, 'eu-west-1'))).images).toHaveLength(1)
})

it('does not hold up a drop for a region that is down, says what is missing, and fills it in by itself', async () => {
  await using bench = await setUp({ optedIn: 'all', faults: down('me-central-1') }, oneAndMore)
  const disk = await keepDisk(bench.artifacts)
  const said = await handle(bench, tested(disk))
  const missing = [
    { target: 'ec2', place: 'me-central-1', reason: expect.stringContaining('InternalError') as unknown },
  ]
  expect(said).toMatchObject([{ body: { registrations: [{ place: 'us-east-1' }], missing } }])
  const image = { ...imagePublished.example.image }
  const evidence = { disk, builtAt: '', testedAt: '', console: disk, screenshot: null, accelerator: 'tcg' as const }
  const told = said[0]?.subject === 'image.uploaded.v1' ? (said[0].body.missing ?? []) : []
  const event = blessed(registrationsIn(said), { image, evidence, missing: told })

  const published = await handleOnce(bench, event)
  expect(published.events).toMatchObject([{ subject: 'image.published.v1', body: { missing } }])
  const still = await handleOnce(bench, event, woken(published))
  expect(still.events).toEqual([])
  expect((still.wait?.until.getTime() ?? 0) - Date.now()).toBeGreaterThan(25 * 60_000)

  await bench.restart({ faults: () => null })
  const watched = { ...bench, watchHours: 24 }
  const filled = await handleOnce(watched, event, woken(still))
  expect(filled.wait).toMatchObject({ reason: 'the next look at what is public' })
  expect(filled.events).toMatchObject([
    { subject: 'image.published.v1', body: { registrations: [{ place: 'us-east-1' }, { place: 'me-central-1' }] } },
  ])
  expect(filled.events[0]?.body).not.toHaveProperty('missing')
  const [there] = (await inventory(at(bench, 'me-central-1'))).images
  expect(there).toMatchObject({ Public: true })

  // What is removed afterwards is missing again, and not made again.
  await bench.connect('me-central-1').ec2.deregisterImage({ ImageId: there?.ImageId })
  await sleep(20)
  const removed = await handleOnce(watched, event, woken(filled))
  expect(removed.events).toMatchObject([{ body: { missing: [{ place: 'me-central-1' }] } }])
  expect((await inventory(at(bench, 'me-central-1'))).images).toEqual([])
})

it('publishes in the others when a region that the drop does not wait for blocks public images', async () => {
  await using bench = await setUp({ optedIn: 'all' }, oneAndMore)
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  const { ec2 } = bench.connect('me-central-1')
  await ec2.enableImageBlockPublicAccess({ ImageBlockPublicAccessState: 'block-new-sharing' })
  const { events, wait } = await handleOnce(bench, blessed(registrations))
  expect(events).toMatchObject([
    { body: { registrations: [{ place: 'us-east-1' }], missing: [{ place: 'me-central-1' }] } },
  ])
  expect(wait).toBeDefined()
  expect((await inventory(bench)).images).toMatchObject([{ Public: true }])
})

it('tries a region that the drop needs again when it is down', async () => {
  await using bench = await setUp(
    { faults: down('eu-west-1') },
    { ...two, IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '0.1' },
  )
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toMatchObject({ name: 'TransientError', message: expect.stringContaining('in eu-west-1') })
})

it('removes a copy that came to nothing, and begins another one', async () => {
  await using bench = await setUp(
    { copyFails: () => 'Internal error' },
    { ...two, IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '0.5' },
  )
  const event = tested(await keepDisk(bench.artifacts))
  await expect(handle(bench, event)).rejects.toThrow(/ami-\w+ in eu-west-1 became failed: Internal error/)
  await bench.restart({ copyFails: () => null })
  const registrations = registrationsIn(await handle(bench, event))
  expect((await inventory(at(bench, 'eu-west-1'))).images).toMatchObject([{ ImageId: registrations[1]?.id }])
})

it("does not touch somebody else's image that has the name in a region of the copy", async () => {
  await using bench = await setUp({}, two)
  const { ec2, ebs } = bench.connect('eu-west-1')
  const { SnapshotId: id = '' } = await ebs.startSnapshot({ VolumeSize: 1 })
  const later = { timeout: 5_000, interval: 10 }
  await expect
    .poll(
      () =>
        ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 0 }).then(
          () => 1,
          () => 0,
        ),
      later,
    )
    .toBe(1)
  const mapping = { DeviceName: '/dev/sda1', Ebs: { SnapshotId: id } }
  const name = 'Fedora-Cloud-Base-AmazonEC2.x86_64-19-Beta-1.2'
  await expect
    .poll(
      () =>
        ec2.registerImage({ Name: name, BlockDeviceMappings: [mapping] }).then(
          () => 1,
          () => 0,
        ),
      later,
    )
    .toBe(1)
  const before = await inventory(at(bench, 'eu-west-1'))
  const event = tested(await keepDisk(bench.artifacts))
  await expect(handle(bench, event)).rejects.toThrow(/is taken in eu-west-1 by ami-\w+, which holds something that/)
  await handle(bench, superseded([], event.body.drop))
  expect((await inventory(at(bench, 'eu-west-1'))).images).toHaveLength(1)
  expect(before.snapshots).toHaveLength((await inventory(at(bench, 'eu-west-1'))).snapshots.length)
})

it('sends a disk once to each partition, with the credentials of its profile', async () => {
  const chinese = { accessKeyId: 'AKIACHINA', secretAccessKey: 'china', accountId: '222222222222', partition: 'aws-cn' }
  const main = { accessKeyId: 'AKIAMAIN', secretAccessKey: 'main', accountId: '333333333333', partition: 'aws' }
  await using bench = await setUp(
    { accounts: [chinese, main] },
    {
      IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, cn-north-1, eu-west-1, cn-northwest-1',
      IMAGEDROP_EC2_PUBLISHER_PROFILES: 'aws-cn=china, aws=main',
    },
  )
  const file = join(bench.folder, 'credentials')
  const sections = Object.entries({ china: chinese, main }).map(([name, { accessKeyId, secretAccessKey }]) => {
    return `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`
  })
  await writeFile(file, sections.join('\n'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file)
  vi.stubEnv('AWS_CONFIG_FILE', join(bench.folder, 'none'))
  const here = { ...bench, cloud: createDirectCloud(bench.settings) }
  const registrations = registrationsIn(await handle(here, tested(await keepDisk(bench.artifacts))))
  expect(registrations.map((one) => one.place)).toEqual(['us-east-1', 'cn-north-1', 'eu-west-1', 'cn-northwest-1'])
  await handle(here, blessed(registrations))
})

// A call that is lost is the one before it unheard.
it('makes one copy, wherever it is killed after a call has had its effect', async () => {
  await forEachCall(async (number) => {
    await using bench = await setUp({}, { ...two, IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '2' })
    const event = tested(await keepDisk(bench.artifacts, 3))
    await bench.restart({}, { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1' })
    await handle(bench, event)
    if (!(await killAt(bench, event, { number, fault: 'unheard', region: 'eu-west-1' }))) return false
    const registrations = registrationsIn(await handle(bench, event))
    const { images, snapshots } = await inventory(at(bench, 'eu-west-1'))
    expect([number, images.length, snapshots.length]).toEqual([number, 1, 1])
    expect(images[0]?.ImageId).toBe(registrations[1]?.id)
    return true
  })
}, 120_000)
