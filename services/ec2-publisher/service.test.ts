import { existsSync, readdirSync, symlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EBS } from '@aws-sdk/client-ebs'
import { EC2 } from '@aws-sdk/client-ec2'
import { expect, it } from 'vitest'
import { ArtifactCorrupted } from '#artifacts/store.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import type { ImagePlan } from '#events/vocabulary.ts'
import { TransientError } from '#service/errors.ts'
import { emulatorAccount } from './emulator/credentials.ts'
import {
  blessed,
  bytesOf,
  handle,
  inventory,
  keepDisk,
  readBack,
  registrationsIn,
  setUp,
  superseded,
  tested,
} from './testing/bench.ts'

const regions = { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, eu-central-1' }

it('uploads a disk that reads back bit by bit, registered and still private', async () => {
  await using bench = await setUp()
  const disk = await keepDisk(bench.artifacts)
  const progress: number[] = []
  const said = await handle(bench, tested(disk), { progress: ({ done }) => progress.push(done ?? 0) })

  expect(said).toHaveLength(1)
  expect(imageUploaded.schema.safeParse(said[0]?.body).error).toBeUndefined()
  const [registration] = registrationsIn(said)
  const { images, snapshots } = await inventory(bench)
  expect(images).toMatchObject([
    {
      ImageId: registration?.id,
      Name: 'Fedora-Cloud-Base-AmazonEC2.x86_64-19-Beta-1.2',
      Architecture: 'x86_64',
      BootMode: 'legacy-bios',
      EnaSupport: true,
      ImdsSupport: 'v2.0',
      VirtualizationType: 'hvm',
      RootDeviceName: '/dev/xvda',
      State: 'available',
      Public: false,
    },
  ])
  expect(snapshots).toMatchObject([
    { SnapshotId: registration?.details['snapshot'], State: 'completed', VolumeSize: 1 },
  ])
  const back = await readBack(bench, registration?.details['snapshot'] ?? '', disk.size)
  expect(back.equals(await bytesOf(bench.artifacts, disk))).toBe(true)
  expect(progress.at(-1)).toBe(Math.max(...progress))
})

it('says the bytes of the blocks that hold data, not those of holes and of zeros', async () => {
  await using bench = await setUp()
  const said = await handle(bench, tested(await keepDisk(bench.artifacts)))
  expect(said[0]?.body).toMatchObject({ bytes: 4 * 524_288 })
})

it('marks image and snapshot with the drop, the image and the digest of the disk', async () => {
  await using bench = await setUp()
  const disk = await keepDisk(bench.artifacts)
  await handle(bench, tested(disk))
  const { images, snapshots } = await inventory(bench)
  for (const thing of [...images, ...snapshots])
    expect(thing.Tags).toEqual(
      expect.arrayContaining([
        { Key: 'imagedrop:drop', Value: tested(disk).body.drop },
        { Key: 'imagedrop:image', Value: 'ec2.x86_64' },
        { Key: 'imagedrop:compose', Value: 'Fedora-19-20130521.0' },
        { Key: 'imagedrop:stream', Value: 'milestone Fedora 19' },
        { Key: 'imagedrop:verified', Value: disk.sha256 },
        { Key: 'imagedrop:sha256', Value: disk.sha256 },
      ]),
    )
})

it('marks the image with the watermark while it is private, in every region, and says it with whose it is', async () => {
  await using bench = await setUp({}, { ...regions, IMAGEDROP_EC2_PUBLISHER_WATERMARK: 'imagedrop' })
  const event = tested(await keepDisk(bench.artifacts))
  const mark = { owner: '123456789012', watermark: '123456789012:imagedrop' }
  const registrations = registrationsIn(await handle(bench, event))
  expect(registrations).toMatchObject([mark, mark])
  for (const region of [bench.region, bench.connect('eu-central-1')])
    expect((await inventory({ region })).images).toMatchObject([
      { ImageWatermarks: [{ WatermarkKey: mark.watermark, SourceImageId: registrations[0]?.id }] },
    ])
  expect((await handle(bench, blessed(registrations)))[0]?.body).toMatchObject({ registrations: [mark, mark] })
})

it('leaves a public image without a watermark, as AWS gives it none any more', async () => {
  await using bench = await setUp()
  const event = tested(await keepDisk(bench.artifacts))
  await handle(bench, blessed(registrationsIn(await handle(bench, event))))
  await bench.restart({}, { IMAGEDROP_EC2_PUBLISHER_WATERMARK: 'imagedrop' })
  const [registration] = registrationsIn(await handle(bench, event))
  expect(registration).toMatchObject({ owner: '123456789012' })
  expect(registration?.watermark).toBeUndefined()
})

it.each([
  ['i686', { Architecture: 'i386', BootMode: 'legacy-bios', EnaSupport: false }],
  [
    'x86_64',
    {
      Architecture: 'x86_64',
      BootMode: 'legacy-bios',
      EnaSupport: true,
      SriovNetSupport: 'simple',
    },
  ],
  ['aarch64', { Architecture: 'arm64', BootMode: 'uefi', EnaSupport: true }],
] as const)('registers %s as the machine that EC2 has for it', async (architecture, expected) => {
  await using bench = await setUp()
  await handle(bench, tested(await keepDisk(bench.artifacts), { architecture }))
  expect((await inventory(bench)).images).toMatchObject([expected])
})

it.each([
  ['failed its test', { verdict: 'failed' as const }, {}],
  ['is not meant for EC2', {}, { targets: ['mirror'] }],
] satisfies [string, object, Partial<ImagePlan>][])('leaves an image alone that %s', async (_, change, plan) => {
  await using bench = await setUp()
  const event = tested(await keepDisk(bench.artifacts), plan)
  expect(await handle(bench, { ...event, body: { ...event.body, ...change } })).toEqual([])
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
})

it('keeps two drops apart that hold the same disk, so that one can be withdrawn', async () => {
  await using bench = await setUp()
  const disk = await keepDisk(bench.artifacts)
  const weekly = tested(disk, {}, 'weekly-Fedora-19-20130521.0')
  const nightly = tested(disk, {}, 'nightly-Fedora-19-20130521.0')
  const [one] = registrationsIn(await handle(bench, weekly))
  const [other] = registrationsIn(await handle(bench, nightly))
  expect(one?.details['snapshot']).not.toBe(other?.details['snapshot'])
  await handle(bench, superseded([one], weekly.body.drop))
  const { images, snapshots } = await inventory(bench)
  expect(images.map((image) => image.ImageId)).toEqual([other?.id])
  expect(snapshots.map((snapshot) => snapshot.SnapshotId)).toEqual([other?.details['snapshot']])
})

it('puts the image into every region that is configured', async () => {
  await using bench = await setUp({}, regions)
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  expect(registrations.map((one) => one.place)).toEqual(['us-east-1', 'eu-central-1'])
  expect(new Set(registrations.map((one) => one.id)).size).toBe(2)
  expect((await inventory(bench)).images).toMatchObject([{ ImageId: registrations[0]?.id }])
})

it('refuses a disk that is not what its digest promises, and leaves nothing behind', async () => {
  await using bench = await setUp()
  const disk = await keepDisk(bench.artifacts)
  const path = await bench.artifacts.open(disk)
  {
    await using file = await open(path, 'r+')
    await file.write(Buffer.from('bit rot'), 0, null, 4096)
  }
  await expect(handle(bench, tested(disk))).rejects.toThrow(ArtifactCorrupted)
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
})

it('notices data that appeared where the disk had a hole', async () => {
  await using bench = await setUp()
  const disk = await keepDisk(bench.artifacts)
  {
    await using file = await open(await bench.artifacts.open(disk), 'r+')
    await file.write(Buffer.from('x'), 0, null, 9 * 524_288)
  }
  await expect(handle(bench, tested(disk))).rejects.toThrow(/now reads as/)
})

it('gets through a storm of throttling and server errors', async () => {
  let calls = 0
  let storm = true
  await using bench = await setUp({
    faults: ({ operation }) => {
      if (!storm) return null
      calls += 1
      if (operation.startsWith('Describe')) return calls % 5 === 0 ? 'throttled' : null
      return calls % 3 === 0 ? null : calls % 2 === 0 ? 'broken' : 'throttled'
    },
  })
  const disk = await keepDisk(bench.artifacts)
  const [registration] = registrationsIn(await handle(bench, tested(disk)))
  storm = false
  const { images, snapshots } = await inventory(bench)
  expect([images.length, snapshots.length]).toEqual([1, 1])
  const back = await readBack(bench, registration?.details['snapshot'] ?? '', disk.size)
  expect(back.equals(await bytesOf(bench.artifacts, disk))).toBe(true)
})

it('says so when the disk that holds the emulated cloud is full', async () => {
  let folder = ''
  await using bench = await setUp({
    faults: ({ operation }) => {
      const [snapshot] = operation === 'PutSnapshotBlock' ? readdirSync(join(folder, 'emulator/snapshots')) : []
      const data = join(folder, 'emulator/blocks', `${parse(snapshot ?? '').name}.data`)
      if (snapshot !== undefined && !existsSync(data)) symlinkSync('/dev/full', data)
      return null
    },
  })
  folder = bench.folder
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toThrow(/EmulatorStorageFull: .*ENOSPC.* \(make room on the disk/)
  expect((await inventory(bench)).images).toEqual([])
})

it('asks to be tried again later when AWS stays busy', async () => {
  await using bench = await setUp(
    { faults: ({ operation }) => (operation === 'PutSnapshotBlock' ? 'throttled' : null) },
    { IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '0.1' },
  )
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toThrow(TransientError)
  await expect(job).rejects.toThrow(/RequestThrottledException/)
})

it('does not adopt an image of the same name with another disk', async () => {
  await using bench = await setUp()
  await handle(bench, tested(await keepDisk(bench.artifacts)))
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toMatchObject({ failureClass: 'refused' })
  await expect(job).rejects.toThrow(/is taken in us-east-1 by ami-\w+, which holds the disk \w+ instead of/)
})

it('does not adopt an image of the same name that a person made', async () => {
  await using bench = await setUp()
  const [registration] = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  await bench.region.ec2.registerImage({
    Name: 'Fedora-Cloud-Base-AmazonEC2.i686-19-Beta-1.2',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: registration?.details['snapshot'] } }],
  })
  await expect(handle(bench, tested(await keepDisk(bench.artifacts), { architecture: 'i686' }))).rejects.toThrow(
    /something that imagedrop did not make/,
  )
})

it("is not disturbed by somebody else's public image of the same name", async () => {
  const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x', accountId: '999999999999' }
  await using bench = await setUp({ accounts: [emulatorAccount, stranger] })
  const name = 'Fedora-Cloud-Base-AmazonEC2.x86_64-19-Beta-1.2'
  const theirs = new EC2({ region: 'us-east-1', endpoint: bench.emulator.url, credentials: stranger })
  const ebs = new EBS({ region: 'us-east-1', endpoint: bench.emulator.url, credentials: stranger })
  const { SnapshotId: id = '' } = await ebs.startSnapshot({ VolumeSize: 1 })
  await sleep(20)
  await ebs.completeSnapshot({ SnapshotId: id, ChangedBlocksCount: 0 })
  await sleep(40)
  const mapping = { DeviceName: '/dev/sda1', Ebs: { SnapshotId: id } }
  const { ImageId: imageId = '' } = await theirs.registerImage({ Name: name, BlockDeviceMappings: [mapping] })
  await sleep(40)
  await theirs.modifyImageAttribute({ ImageId: imageId, LaunchPermission: { Add: [{ Group: 'all' }] } })

  const [registration] = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  expect(registration?.id).not.toBe(imageId)
  expect(registration?.name).toBe(name)
})

it('says what to do when the credentials are not accepted', async () => {
  await using bench = await setUp({ accounts: [{ ...emulatorAccount, secretAccessKey: 'changed' }] })
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toMatchObject({ failureClass: 'refused' })
  await expect(job).rejects.toThrow(/SignatureDoesNotMatch: .* \(check the AWS credentials of this process\)/)
})

it('starts a new snapshot when the one that its client token stands for was deleted', async () => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '0.5' })
  const event = tested(await keepDisk(bench.artifacts))
  const [first] = registrationsIn(await handle(bench, event))
  await handle(bench, superseded([first], event.body.drop))
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
  const [second] = registrationsIn(await handle(bench, event))
  expect(second?.details['snapshot']).not.toBe(first?.details['snapshot'])
  expect((await inventory(bench)).images).toHaveLength(1)
})

it('stops within a moment when it is told to', async () => {
  await using bench = await setUp({ delays: { completion: 60_000 } })
  const abort = new AbortController()
  const job = handle(bench, tested(await keepDisk(bench.artifacts)), { signal: abort.signal })
  const outcome = job.catch((error: unknown) => error)
  await sleep(300)
  const start = performance.now()
  abort.abort(new Error('enough'))
  expect(await outcome).toMatchObject({ message: 'enough' })
  expect(performance.now() - start).toBeLessThan(1000)
})

it('makes the images of a blessed drop public and says so once they are seen to be', async () => {
  await using bench = await setUp()
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  const said = await handle(bench, blessed(registrations))
  expect(said).toMatchObject([{ subject: 'image.published.v1', body: { registrations } }])
  expect((await inventory(bench)).images).toMatchObject([{ Public: true }])
  expect(await handle(bench, blessed(registrations))).toEqual(said)
})

it.each([
  ['keeps the snapshot to itself', 'false', 'read'],
  ['shares the snapshot when told', 'true', 'Public snapshots cannot be read'],
])('%s', async (_, share, expected) => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_PUBLIC_SNAPSHOTS: share })
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  await handle(bench, blessed(registrations))
  // EBS direct reads no public snapshots: that tells which it is.
  const reading = readBack(bench, registrations[0]?.details['snapshot'] ?? '', 10).then(() => 'read')
  expect(await reading.catch((error: unknown) => (error as Error).message)).toBe(expected)
})

it('publishes nothing where public images are blocked, and says how to unblock them', async () => {
  await using bench = await setUp()
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  await bench.region.ec2.enableImageBlockPublicAccess({ ImageBlockPublicAccessState: 'block-new-sharing' })
  const job = handle(bench, blessed(registrations))
  await expect(job).rejects.toMatchObject({ failureClass: 'refused' })
  await expect(job).rejects.toThrow(/blocked in us-east-1 .* call DisableImageBlockPublicAccess/)
  expect((await inventory(bench)).images).toMatchObject([{ Public: false }])
})

it('says which quota is used up, when it could not be learnt before', async () => {
  const accounts = [{ ...emulatorAccount, denied: ['GetServiceQuota'] }]
  await using bench = await setUp({ publicImageQuota: 0, accounts })
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  await expect(handle(bench, blessed(registrations))).rejects.toThrow(
    /ResourceLimitExceeded: You have reached your quota of 0 .*ask AWS to raise the quota "Public AMIs"/,
  )
})

it('publishes none of a drop when one of its images is gone', async () => {
  await using bench = await setUp()
  const [one] = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  const [gone] = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts), { architecture: 'i686' })))
  await bench.region.ec2.deregisterImage({ ImageId: gone?.id })
  await sleep(20)
  await expect(handle(bench, blessed([one, gone].filter((each) => each !== undefined)))).rejects.toThrow(
    /ami-\w+ in us-east-1 is not there, but was registered as/,
  )
  expect((await inventory(bench)).images).toMatchObject([{ Public: false }])
})

it('does not mistake an image of the emulator for one in EC2', async () => {
  await using bench = await setUp()
  const [registration] = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  const real = registration === undefined ? [] : [{ ...registration, emulated: false }]
  await expect(handle(bench, blessed(real))).rejects.toThrow(
    /was registered in EC2, but this process speaks to its emulator/,
  )
})
