import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { exampleBoot } from '#events/examples.ts'
import { imageTested } from '#events/image-tested.ts'
import type { Architecture, ArtifactRef, BootRecord } from '#events/vocabulary.ts'
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
    firmware: null,
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

const bios = { ...exampleBoot, firmware: 'bios', tpm: false, outcome: 'passed' } as const
const uefi = { ...exampleBoot, firmware: 'uefi', tpm: false, outcome: 'passed' } as const
const secure = { ...exampleBoot, firmware: 'secure-boot', tpm: true, outcome: 'passed' } as const

it.each([
  ['x86_64', 'by BIOS', [bios], 'legacy-bios', undefined],
  ['x86_64', 'by BIOS and by Secure Boot with a TPM', [bios, secure], 'uefi-preferred', undefined],
  ['x86_64', 'by UEFI', [uefi], 'uefi', undefined],
  [
    'x86_64',
    'by UEFI, and without success by BIOS',
    [uefi, { ...bios, outcome: 'errored' as const }],
    'uefi',
    undefined,
  ],
  ['x86_64', 'by Secure Boot with a TPM', [secure], 'uefi', 'v2.0'],
  ['x86_64', 'in ways that are not told', undefined, 'legacy-bios', undefined],
  ['i686', 'by BIOS', [bios], 'legacy-bios', undefined],
  ['aarch64', 'by UEFI with a TPM', [secure], 'uefi', undefined],
] as const)('registers %s that was tested %s for that', async (architecture, _, boots, mode, tpm) => {
  await using bench = await setUp()
  await handle(bench, testedBy(boots, await keepDisk(bench.artifacts), architecture))
  const [image] = (await inventory(bench)).images
  expect([image?.BootMode, image?.TpmSupport]).toEqual([mode, tpm])
})

it.each([
  ['uefi', 'v2.0'],
  ['legacy-bios', undefined],
] as const)('registers for %s of what was tested where the settings say so', async (mode, tpm) => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_X86_BOOT_MODE: mode })
  await handle(bench, testedBy([bios, secure], await keepDisk(bench.artifacts)))
  const [image] = (await inventory(bench)).images
  expect([image?.BootMode, image?.TpmSupport]).toEqual([mode, tpm])
})

it('gives no TPM where the settings want none', async () => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_TPM: 'false' })
  await handle(bench, testedBy([secure], await keepDisk(bench.artifacts)))
  expect((await inventory(bench)).images).toMatchObject([{ BootMode: 'uefi' }])
  expect((await inventory(bench)).images[0]?.TpmSupport).toBeUndefined()
})

it('sends nothing for a boot mode that the image was not tested by', async () => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_X86_BOOT_MODE: 'uefi-preferred' })
  const job = handle(bench, testedBy([bios], await keepDisk(bench.artifacts)))
  await expect(job).rejects.toThrow(/boot mode uefi-preferred: no boot test by uefi has passed/)
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
})

/** The example's image, which passed these boots. */
function testedBy(boots: readonly BootRecord[] | undefined, disk: ArtifactRef, architecture: Architecture = 'x86_64') {
  const { boots: _, ...body } = tested(disk, { architecture }).body
  return seal(say(imageTested, { ...body, ...(boots && { boots: [...boots] }) }), { now: new Date(0) })
}

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
