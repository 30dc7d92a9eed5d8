import { expect, it } from 'vitest'
import type { UploadOrder } from '../cloud.ts'
import { handle, inventory, keepDisk, registrationsIn, setUp, tested } from '../testing/bench.ts'
import { registration } from './register-image.ts'

const gibibyte = 1024 ** 3

it.each([
  ['of 10 GiB', {}, 10],
  ['as large as the settings say', { IMAGEDROP_EC2_PUBLISHER_ROOT_GIB: '24' }, 24],
])('registers a root volume %s on a snapshot as small as the disk', async (_, env, size) => {
  await using bench = await setUp({}, env)
  await handle(bench, tested(await keepDisk(bench.artifacts)))
  const { images, snapshots } = await inventory(bench)
  expect(images[0]?.BlockDeviceMappings).toMatchObject([
    { DeviceName: '/dev/xvda', Ebs: { VolumeSize: size, VolumeType: 'gp3', DeleteOnTermination: true } },
  ])
  expect(snapshots).toMatchObject([{ VolumeSize: 1 }])
})

it.each([
  [3 * gibibyte, 3],
  [3 * gibibyte + 1, 4],
  [12 * gibibyte, 12],
])('never asks for a root volume below the snapshot of a disk of %i bytes', (size, expected) => {
  const disk = { path: '/nowhere', sha256: '0'.repeat(64), size }
  const order: UploadOrder = { drop: 'd', image: 'ec2.x86_64', stream: 's', name: 'n', architecture: 'x86_64', disk }
  const settings = { rootDevice: '/dev/xvda', rootGib: 2, x86BootMode: 'legacy-bios' } as const
  expect(registration(order, 'snap-1', settings).BlockDeviceMappings?.[0]?.Ebs?.VolumeSize).toBe(expected)
})

it('leaves an image of an earlier try as it was registered, when the settings have changed since', async () => {
  await using bench = await setUp()
  const event = tested(await keepDisk(bench.artifacts))
  const first = registrationsIn(await handle(bench, event))
  await bench.restart({}, { IMAGEDROP_EC2_PUBLISHER_ROOT_GIB: '24' })
  expect(registrationsIn(await handle(bench, event))).toEqual(first)
  expect((await inventory(bench)).images[0]?.BlockDeviceMappings).toMatchObject([{ Ebs: { VolumeSize: 10 } }])
})

it('uploads to a region of another partition than most', async () => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'eusc-de-east-1, us-east-1' })
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  expect(registrations.map((one) => one.place)).toEqual(['eusc-de-east-1', 'us-east-1'])
})

it.each([
  [
    'does not exist',
    'us-east-1, eu-centrl-1',
    'environment',
    /IMAGEDROP_EC2_PUBLISHER_REGIONS: there is no region "eu-centrl-1"; there are af-south-1, .*, us-west-2$/,
  ],
  [
    'is not enabled for the account',
    'us-east-1, af-south-1',
    'refused',
    /af-south-1 is not enabled for this account; enable it.*--region-name af-south-1\), then retry$/,
  ],
])('sends nothing anywhere when one of the regions %s, and says so', async (_, regions, failureClass, message) => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_REGIONS: regions })
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toThrow(message)
  await expect(job).rejects.toMatchObject({ failureClass })
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
})
