import { expect, it } from 'vitest'
import { setUpFrozen } from './testing/emulated-cloud.ts'
import { publicly, register } from './testing/images.ts'

it.each([
  ['name', 'an*'],
  ['name', 'a? image'],
  ['tag:colour', 'blue'],
  ['tag-key', 'colour'],
  ['architecture', 'x86_64'],
  ['state', 'available'],
  ['is-public', 'false'],
])('finds an image by the filter %s = %s and not by another value of it', async (name, value) => {
  await using bench = await setUpFrozen()
  const tags = [{ ResourceType: 'image' as const, Tags: [{ Key: 'colour', Value: 'blue' }] }]
  await register(bench, { TagSpecifications: tags })
  const find = async (...values: string[]) =>
    (await bench.region.ec2.describeImages({ Owners: ['self'], Filters: [{ Name: name, Values: values }] })).Images
  expect(await find('none of these', value)).toHaveLength(1)
  expect(await find('none of these')).toEqual([])
})

it('refuses a filter that there is not (EC2 API: The filter is invalid)', async () => {
  await using bench = await setUpFrozen()
  const filter = { Filters: [{ Name: 'value', Values: ['x'] }] }
  await expect(bench.region.ec2.describeImages(filter)).rejects.toThrow("The filter 'value' is invalid")
  await expect(bench.region.ec2.describeSnapshots(filter)).rejects.toMatchObject({ name: 'InvalidParameterValue' })
})

it('sets a tag anew and keeps the others', async () => {
  await using bench = await setUpFrozen()
  const id = await register(bench)
  const tag = (Key: string, Value: string) => bench.region.ec2.createTags({ Resources: [id], Tags: [{ Key, Value }] })
  await tag('a', '1')
  await tag('b', '2')
  await tag('a', '3')
  const { Images: images = [] } = await bench.region.ec2.describeImages({ ImageIds: [id] })
  expect(images[0]?.Tags).toEqual([
    { Key: 'a', Value: '3' },
    { Key: 'b', Value: '2' },
  ])
})

it('has nothing to do with a dry run but to say so (EC2 API: DryRunOperation)', async () => {
  await using bench = await setUpFrozen()
  await expect(register(bench, { DryRun: true })).rejects.toMatchObject({ name: 'DryRunOperation' })
  expect((await bench.region.ec2.describeImages({ Owners: ['self'] })).Images).toEqual([])
})

it('refuses an action that it does not have (EC2 API: InvalidAction)', async () => {
  await using bench = await setUpFrozen()
  await expect(bench.region.ec2.describeVpcs({})).rejects.toMatchObject({ name: 'InvalidAction' })
})

it('refuses a parameter that the action does not take (EC2 API: UnknownParameter)', async () => {
  await using bench = await setUpFrozen()
  await expect(bench.region.ec2.describeSnapshots({ RestorableByUserIds: ['self'] })).resolves.toBeDefined()
  const id = await register(bench)
  const watermark = { ImageId: id, ImdsSupport: { Value: 'v2.0' } } as const
  await expect(bench.region.ec2.modifyImageAttribute(watermark)).rejects.toMatchObject({ name: 'UnknownParameter' })
})

it('forgets nothing when it is killed', async () => {
  await using bench = await setUpFrozen()
  const id = await register(bench)
  await bench.region.ec2.modifyImageAttribute({ ImageId: id, ...publicly })
  await bench.restart()
  const { Images: images = [] } = await bench.region.ec2.describeImages({ ImageIds: [id] })
  expect(images).toMatchObject([{ Name: 'an image', Public: true, State: 'available' }])
})
