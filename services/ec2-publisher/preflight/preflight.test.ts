import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { messageOf } from '#service/errors.ts'
import type { HostView } from '#service/host-check.ts'
import { createDirectCloud } from '../cloud/direct-cloud.ts'
import { emulatorAccount } from '../emulator/credentials.ts'
import { hostChecks } from '../host-checks.ts'
import { standIn } from '../stand-in.ts'
import { blessed, handle, inventory, keepDisk, registrationsIn, setUp, tested, type Bench } from '../testing/bench.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const two = { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, eu-west-1' }

async function block(bench: Bench, region: string): Promise<void> {
  await bench.connect(region).ec2.enableImageBlockPublicAccess({ ImageBlockPublicAccessState: 'block-new-sharing' })
}

it('says everything that would be refused later, in every region, before a byte is sent', async () => {
  const sent: string[] = []
  await using bench = await setUp(
    {
      accounts: [{ ...emulatorAccount, denied: ['CopyImage', 'DeleteSnapshot'] }],
      faults: ({ operation }) => (operation === 'StartSnapshot' && sent.push(operation), null),
    },
    { ...two, IMAGEDROP_EC2_PUBLISHER_PUBLIC_SNAPSHOTS: 'true' },
  )
  await block(bench, 'us-east-1')
  const { ec2 } = bench.connect('eu-west-1')
  await ec2.enableSnapshotBlockPublicAccess({ State: 'block-all-sharing' })
  await ec2.enableEbsEncryptionByDefault({})
  const job = handle(bench, tested(await keepDisk(bench.artifacts)))
  await expect(job).rejects.toMatchObject({ failureClass: 'refused' })
  const message = await job.then(() => '', messageOf)
  expect(message).toMatch(/public images are blocked in us-east-1 .*; call DisableImageBlockPublicAccess/)
  expect(message).toMatch(/may not call DeleteSnapshot in us-east-1/)
  expect(message).toMatch(/public snapshots are blocked in eu-west-1 .*; call DisableSnapshotBlockPublicAccess/)
  expect(message).toMatch(/EBS encryption by default is on in eu-west-1/)
  expect(message).toMatch(/may not call CopyImage, DeleteSnapshot in eu-west-1; give them the permissions that README/)
  expect(message).not.toMatch(/CopyImage in us-east-1|CopyImage, DeleteSnapshot in us-east-1/)
  expect(sent).toEqual([])
})

it('holds the quota of public images against what is public, before the upload and before the blessing is carried out', async () => {
  await using bench = await setUp({ publicImageQuota: 1 }, { IMAGEDROP_EC2_PUBLISHER_PUBLIC_IMAGE_QUOTA: '1' })
  const disk = await keepDisk(bench.artifacts)
  const [one] = registrationsIn(await handle(bench, tested(disk)))
  const [other] = registrationsIn(await handle(bench, tested(disk, { architecture: 'aarch64' })))
  const both = [one, other].filter((each) => each !== undefined)
  await expect(handle(bench, blessed(both))).rejects.toThrow(
    /0 images are public in us-east-1, so 2 more would be above/,
  )
  expect((await inventory(bench)).images).toMatchObject([{ Public: false }, { Public: false }])
  await handle(bench, blessed(both.slice(0, 1)))
  await expect(handle(bench, tested(disk, { architecture: 'i686' }))).rejects.toThrow(
    /1 images are public .* the quota of 1; .* "Public AMIs" \(L-0E3CBAB9\)/,
  )
})

it('asks AWS for the quota where it is not told, and goes on where it may not ask', async () => {
  await using bench = await setUp({ publicImageQuota: 1 })
  const disk = await keepDisk(bench.artifacts)
  await handle(bench, blessed(registrationsIn(await handle(bench, tested(disk)))))
  const other = tested(disk, { architecture: 'i686' })
  await expect(handle(bench, other)).rejects.toThrow(/1 images are public .* above the quota of 1; .* \(L-0E3CBAB9\)$/)
  await bench.restart({ accounts: [{ ...emulatorAccount, denied: ['GetServiceQuota'] }] })
  expect(registrationsIn(await handle(bench, other))).toHaveLength(1)
})

it('goes on without a best-effort region where public images are blocked', async () => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_BEST_EFFORT_REGIONS: 'eu-west-1' })
  await block(bench, 'eu-west-1')
  const said = await handle(bench, tested(await keepDisk(bench.artifacts)))
  const missing = [{ place: 'eu-west-1', reason: expect.stringContaining('are blocked in eu-west-1') as unknown }]
  expect(said).toMatchObject([{ body: { registrations: [{ place: 'us-east-1' }], missing } }])
  expect((await inventory({ region: bench.connect('eu-west-1') })).images).toEqual([])
})

it('says nothing is public before another account sees it so', async () => {
  const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x', accountId: '999999999999' }
  const blind = { ...stranger, denied: ['DescribeImages'] }
  await using bench = await setUp(
    { accounts: [emulatorAccount, blind] },
    { IMAGEDROP_EC2_PUBLISHER_WITNESSES: 'aws=stranger' },
  )
  const file = join(bench.folder, 'credentials')
  await writeFile(file, `[stranger]\naws_access_key_id = ${stranger.accessKeyId}\naws_secret_access_key = x\n`)
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file)
  vi.stubEnv('AWS_CONFIG_FILE', join(bench.folder, 'none'))
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  await expect(handle(bench, blessed(registrations))).rejects.toThrow(/not authorized .* ec2:DescribeImages/)
  await bench.restart({ accounts: [emulatorAccount, stranger] })
  const cloud = createDirectCloud(bench.settings, emulatorAccount)
  expect(await handle({ ...bench, cloud }, blessed(registrations))).toMatchObject([{ subject: 'image.published.v1' }])
})

it.each([
  ['that all is well', false, { found: 'us-east-1, eu-west-1: images can be uploaded and made public' }],
  ['what is not', true, { missing: expect.stringMatching(/^public images are blocked in eu-west-1/) as unknown }],
])('tells imagedrop doctor %s in the regions', async (_, isBlocked, finding) => {
  await using bench = await setUp()
  if (isBlocked) await block(bench, 'eu-west-1')
  const env = { ...standIn.settings(bench.emulator.url), ...two }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const check = hostChecks.find(({ name }) => name === 'EC2 regions')
  expect(await check?.look({ env } as Partial<HostView> as HostView)).toEqual(finding)
})

it('asks nobody when there are no credentials', async () => {
  const check = hostChecks.find(({ name }) => name === 'EC2 regions')
  const env = { HOME: '/nowhere' }
  expect(await check?.look({ env } as Partial<HostView> as HostView)).toEqual({
    found: 'not looked at, without credentials',
  })
})
