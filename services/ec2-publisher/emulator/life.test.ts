import { expect, it } from 'vitest'
import { emulatorAccount } from './credentials.ts'
import { connectClients, registerEmpty, setUpFrozen, type EmulatedCloud } from './testing/emulated-cloud.ts'

const publicly = { LaunchPermission: { Add: [{ Group: 'all' as const }] } }
const day = 86_400_000

async function deprecationOf(bench: EmulatedCloud, id: string) {
  return (await bench.region.ec2.describeImages({ ImageIds: [id] })).Images?.[0]?.DeprecationTime
}

it('deprecates to the minute (EC2 API, EnableImageDeprecation: DeprecateAt)', async () => {
  await using bench = await setUpFrozen()
  const id = await registerEmpty(bench)
  const at = new Date(Math.floor(Date.now() / day) * day + 10 * day + 31_000)
  await bench.region.ec2.enableImageDeprecation({ ImageId: id, DeprecateAt: at })
  expect(await deprecationOf(bench, id)).toBe(new Date(at.getTime() + 29_000).toISOString())
})

it.each([
  ['in the past', false, -day],
  ['more than ten years from now', false, 3660 * day],
  ['more than two years after it was made, of a public image', true, 800 * day],
])('refuses a deprecation %s (EC2 API, EnableImageDeprecation: DeprecateAt)', async (_, isPublic, after) => {
  const start = Date.now()
  await using bench = await setUpFrozen()
  const id = await registerEmpty(bench)
  if (isPublic) await bench.region.ec2.modifyImageAttribute({ ImageId: id, ...publicly })
  const job = bench.region.ec2.enableImageDeprecation({ ImageId: id, DeprecateAt: new Date(start + after) })
  await expect(job).rejects.toMatchObject({ name: 'InvalidParameter' })
})

it('deprecates every public image after two years, also when asked not to (EC2 guide, "Deprecate an AMI")', async () => {
  await using bench = await setUpFrozen()
  const id = await registerEmpty(bench)
  const inTwoYears = new Date()
  inTwoYears.setUTCFullYear(inTwoYears.getUTCFullYear() + 2)
  expect(await deprecationOf(bench, id)).toBeUndefined()
  await bench.region.ec2.modifyImageAttribute({ ImageId: id, ...publicly })
  await bench.region.ec2.disableImageDeprecation({ ImageId: id })
  const then = Date.parse((await deprecationOf(bench, id)) ?? '')
  expect(Math.abs(then - inTwoYears.getTime())).toBeLessThan(60_000)
})

it('lists public images to everybody by permission, and deprecated ones to others only when they ask (EC2 API, DescribeImages: ExecutableBy, IncludeDeprecated)', async () => {
  const stranger = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x', accountId: '9'.repeat(12) }
  await using bench = await setUpFrozen({ accounts: [emulatorAccount, stranger] })
  const id = await registerEmpty(bench)
  const { ec2 } = connectClients(bench.emulator.url, { credentials: stranger })
  const seen = async (how: object) => ((await ec2.describeImages(how)).Images ?? []).map((one) => one.ImageId)
  const own = async () => (await bench.region.ec2.describeImages({ ExecutableUsers: ['all'] })).Images ?? []
  expect([await seen({ ExecutableUsers: ['all'] }), await own()]).toEqual([[], []])
  await bench.region.ec2.modifyImageAttribute({ ImageId: id, ...publicly })
  expect([await seen({ ExecutableUsers: ['all'] }), (await own()).length]).toEqual([[id], 1])
  await bench.region.ec2.enableImageDeprecation({ ImageId: id, DeprecateAt: new Date(Date.now() + 120_000) })
  bench.pass(300_000)
  expect(await seen({ ExecutableUsers: ['all'] })).toEqual([])
  expect(await seen({ ExecutableUsers: ['all'], IncludeDeprecated: true })).toEqual([id])
  expect(await seen({ ImageIds: [id] })).toEqual([id])
  expect(await own()).toHaveLength(1)
})

it('does not deregister a protected image (EC2 guide, "Protect an AMI from deregistration")', async () => {
  await using bench = await setUpFrozen()
  const id = await registerEmpty(bench)
  const { ec2 } = bench.region
  await ec2.enableImageDeregistrationProtection({ ImageId: id })
  await expect(ec2.deregisterImage({ ImageId: id })).rejects.toMatchObject({ name: 'OperationNotPermitted' })
  await ec2.disableImageDeregistrationProtection({ ImageId: id })
  await ec2.deregisterImage({ ImageId: id })
})

it('does not share snapshots where that is blocked (EC2 API, EnableSnapshotBlockPublicAccess)', async () => {
  await using bench = await setUpFrozen()
  await registerEmpty(bench)
  const { ec2 } = bench.region
  const { Snapshots: [snapshot] = [] } = await ec2.describeSnapshots({ OwnerIds: ['self'] })
  const share = () =>
    ec2.modifySnapshotAttribute({
      SnapshotId: snapshot?.SnapshotId,
      CreateVolumePermission: { Add: [{ Group: 'all' }] },
    })
  await ec2.enableSnapshotBlockPublicAccess({ State: 'block-new-sharing' })
  expect(await ec2.getSnapshotBlockPublicAccessState({})).toMatchObject({ State: 'block-new-sharing' })
  await expect(share()).rejects.toMatchObject({ name: 'OperationNotPermitted' })
  await ec2.disableSnapshotBlockPublicAccess({})
  await share()
})
