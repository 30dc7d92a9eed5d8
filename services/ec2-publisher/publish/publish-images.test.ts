import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { emulatorAccount } from '../emulator/credentials.ts'
import { blessed, handle, inventory, readBack, setUp, upload } from '../testing/bench.ts'

it('makes the images of a blessed drop public and says so once they are seen to be', async () => {
  await using bench = await setUp()
  const registrations = await upload(bench)
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
  const registrations = await upload(bench)
  await handle(bench, blessed(registrations))
  // EBS direct reads no public snapshots: that tells which it is.
  const reading = readBack(bench, registrations[0]?.details['snapshot'] ?? '', 10).then(() => 'read')
  expect(await reading.catch((error: unknown) => (error as Error).message)).toBe(expected)
})

it('publishes nothing where public images are blocked, and says how to unblock them', async () => {
  await using bench = await setUp()
  const registrations = await upload(bench)
  await bench.region.ec2.enableImageBlockPublicAccess({ ImageBlockPublicAccessState: 'block-new-sharing' })
  const job = handle(bench, blessed(registrations))
  await expect(job).rejects.toMatchObject({ failureClass: 'refused' })
  await expect(job).rejects.toThrow(/blocked in us-east-1 .* call DisableImageBlockPublicAccess/)
  expect((await inventory(bench)).images).toMatchObject([{ Public: false }])
})

it('says which quota is used up, when it could not be learnt before', async () => {
  const accounts = [{ ...emulatorAccount, denied: ['GetServiceQuota'] }]
  await using bench = await setUp({ publicImageQuota: 0, accounts })
  const registrations = await upload(bench)
  await expect(handle(bench, blessed(registrations))).rejects.toThrow(
    /ResourceLimitExceeded: You have reached your quota of 0 .*ask AWS to raise the quota "Public AMIs"/,
  )
})

it('publishes none of a drop when one of its images is gone', async () => {
  await using bench = await setUp()
  const [one] = await upload(bench)
  const [gone] = await upload(bench, { architecture: 'i686' })
  await bench.region.ec2.deregisterImage({ ImageId: gone?.id })
  await sleep(20)
  await expect(handle(bench, blessed([one, gone].filter((each) => each !== undefined)))).rejects.toThrow(
    /ami-\w+ in us-east-1 is not there, but was registered as/,
  )
  expect((await inventory(bench)).images).toMatchObject([{ Public: false }])
})

it('does not mistake an image of the emulator for one in EC2', async () => {
  await using bench = await setUp()
  const [registration] = await upload(bench)
  const real = registration === undefined ? [] : [{ ...registration, emulated: false }]
  await expect(handle(bench, blessed(real))).rejects.toThrow(
    /was registered in EC2, but this process speaks to its emulator/,
  )
})
