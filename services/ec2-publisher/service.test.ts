import { expect, it } from 'vitest'
import { imageUploaded } from '#events/image-uploaded.ts'
import type { ImagePlan } from '#events/vocabulary.ts'
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
  upload,
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
  const registrations = await upload(bench)
  expect(registrations.map((one) => one.place)).toEqual(['us-east-1', 'eu-central-1'])
  expect(new Set(registrations.map((one) => one.id)).size).toBe(2)
  expect((await inventory(bench)).images).toMatchObject([{ ImageId: registrations[0]?.id }])
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
