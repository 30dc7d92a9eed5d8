import { expect, it } from 'vitest'
import { setUpFrozen } from './testing/emulated-cloud.ts'

it('names the regions that the account may use, and all when asked (EC2 API, DescribeRegions)', async () => {
  await using bench = await setUpFrozen({ optedIn: ['me-central-1'] })
  const { ec2 } = bench.region
  const { Regions: enabled = [] } = await ec2.describeRegions({})
  expect(enabled).toHaveLength(18)
  expect(enabled).toContainEqual({
    RegionName: 'us-east-1',
    Endpoint: 'ec2.us-east-1.amazonaws.com',
    OptInStatus: 'opt-in-not-required',
  })
  const { Regions: all = [] } = await ec2.describeRegions({ AllRegions: true })
  const statusOf = (name: string) => all.find((one) => one.RegionName === name)?.OptInStatus
  expect([statusOf('me-central-1'), statusOf('af-south-1')]).toEqual(['opted-in', 'not-opted-in'])
  const { Regions: filtered = [] } = await ec2.describeRegions({
    AllRegions: true,
    Filters: [{ Name: 'opt-in-status', Values: ['opted-in'] }],
  })
  expect(filtered.map((one) => one.RegionName)).toEqual(['me-central-1'])
})

it('describes a region by name also when it is not enabled, and refuses one that there is not', async () => {
  await using bench = await setUpFrozen()
  const named = await bench.region.ec2.describeRegions({ RegionNames: ['af-south-1'] })
  expect(named.Regions).toMatchObject([{ RegionName: 'af-south-1', OptInStatus: 'not-opted-in' }])
  await expect(bench.region.ec2.describeRegions({ RegionNames: ['eu-centrl-1'] })).rejects.toMatchObject({
    name: 'InvalidParameterValue',
    message: "Invalid region names ['eu-centrl-1']",
  })
})

it.each([
  ['eusc-de-east-1', ['eusc-de-east-1'], 'ec2.eusc-de-east-1.amazonaws.eu'],
  ['cn-north-1', ['cn-north-1', 'cn-northwest-1'], 'ec2.cn-north-1.amazonaws.com.cn'],
  ['us-gov-west-1', ['us-gov-east-1', 'us-gov-west-1'], 'ec2.us-gov-east-1.amazonaws.com'],
])('knows no regions of another partition than that of %s (Regions guide)', async (region, names, endpoint) => {
  await using bench = await setUpFrozen()
  const { Regions: regions = [] } = await bench.connect(region).ec2.describeRegions({ AllRegions: true })
  expect(regions.map((one) => one.RegionName)).toEqual(names)
  expect(regions[0]?.Endpoint).toBe(endpoint)
})

it('refuses a signature for a region that there is not (IAM guide, Signature Version 4: valid Region)', async () => {
  await using bench = await setUpFrozen()
  const { ec2, ebs } = bench.connect('eu-centrl-1')
  await expect(ec2.describeImages({})).rejects.toThrow(/scoped to a valid Region, not 'eu-centrl-1'/)
  await expect(ebs.startSnapshot({ VolumeSize: 1 })).rejects.toMatchObject({ name: 'InvalidSignatureException' })
})

it('does not know the keys of an account in a region that it has not enabled (Account guide: opt-in Regions)', async () => {
  await using bench = await setUpFrozen()
  const { ec2, ebs } = bench.connect('af-south-1')
  await expect(ec2.describeImages({})).rejects.toMatchObject({ name: 'AuthFailure' })
  await expect(ebs.startSnapshot({ VolumeSize: 1 })).rejects.toMatchObject({ name: 'UnrecognizedClientException' })
})
