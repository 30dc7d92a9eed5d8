import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
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
  const order: UploadOrder = {
    drop: 'd',
    image: 'ec2.x86_64',
    stream: 's',
    compose: 'c',
    name: 'n',
    architecture: 'x86_64',
    disk,
  }
  const settings = { rootDevice: '/dev/xvda', rootGib: 2, x86BootMode: 'legacy-bios', tpm: true } as const
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

it.each([
  ['x86_64', 'uefi', 'true', 'v2.0'],
  ['x86_64', 'uefi', 'false', undefined],
  ['x86_64', 'uefi-preferred', 'true', undefined],
  ['aarch64', 'uefi', 'true', undefined],
] as const)(
  'registers %s that boots by %s, with TPM=%s, for a machine with the TPM %s',
  async (architecture, mode, tpm, expected) => {
    await using bench = await setUp(
      {},
      { IMAGEDROP_EC2_PUBLISHER_X86_BOOT_MODE: mode, IMAGEDROP_EC2_PUBLISHER_TPM: tpm },
    )
    await handle(bench, tested(await keepDisk(bench.artifacts), { architecture }))
    expect((await inventory(bench)).images[0]?.TpmSupport).toBe(expected)
  },
)

it('reads blocks back before an image counts as uploaded, and says which one is not as on the disk', async () => {
  let folder = ''
  let reads = 0
  await using bench = await setUp({
    async faults({ operation }) {
      if (operation === 'GetSnapshotBlock') reads += 1
      if (operation !== 'ListSnapshotBlocks') return null
      const names = await readdir(join(folder, 'emulator/blocks'))
      const name = names.find((one) => one.endsWith('.data')) ?? ''
      await using file = await open(join(folder, 'emulator/blocks', name), 'r+')
      await file.write(Buffer.from('bit rot'), 0, null, 6 * 524_288 + 4096)
      return null
    },
  })
  folder = bench.folder
  const event = tested(await keepDisk(bench.artifacts))
  const job = handle(bench, event)
  await expect(job).rejects.toThrow(/block 6 of snap-\w+ in us-east-1 reads back as \w+, the disk \w+ has \w+ there/)
  expect((await inventory(bench)).images).toMatchObject([{ Public: false }])
  expect(reads).toBe(3)
})

it('does not read back again what was read back', async () => {
  const reads: string[] = []
  await using bench = await setUp({
    faults: ({ operation }) => (operation.startsWith('Get') && reads.push(operation), null),
  })
  const event = tested(await keepDisk(bench.artifacts))
  await handle(bench, event)
  const before = reads.filter((one) => one === 'GetSnapshotBlock').length
  await handle(bench, event)
  expect([before, reads.filter((one) => one === 'GetSnapshotBlock').length]).toEqual([4, 4])
})
