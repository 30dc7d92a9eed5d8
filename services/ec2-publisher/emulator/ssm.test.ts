import { SSM, type PutParameterCommandInput } from '@aws-sdk/client-ssm'
import { expect, it } from 'vitest'
import { emulatorAccount } from './credentials.ts'
import { registerEmpty, setUpFrozen, type EmulatedCloud } from './testing/emulated-cloud.ts'

const Name = '/imagedrop/debian/12/latest'
const text = { Name, Value: 'one', Type: 'String' } as const
const image = { Name, Type: 'String', DataType: 'aws:ec2:image' } as const

function connect({ emulator }: EmulatedCloud, region = 'us-east-1'): SSM {
  return new SSM({ region, endpoint: emulator.url, credentials: emulatorAccount, maxAttempts: 1 })
}

it('keeps a parameter by its name in a region, with its versions, oldest first, and its tags (SSM API, PutParameter)', async () => {
  await using bench = await setUpFrozen()
  const ssm = connect(bench)
  expect(await ssm.putParameter({ ...text, Tags: [{ Key: 'a', Value: 'b' }] })).toMatchObject({ Version: 1 })
  expect(await ssm.putParameter({ ...text, Value: 'two', Overwrite: true })).toMatchObject({ Version: 2 })
  await bench.restart()
  const again = connect(bench)
  const arn = 'arn:aws:ssm:us-east-1:123456789012:parameter/imagedrop/debian/12/latest'
  const found = { Name, Value: 'two', Version: 2, DataType: 'text', ARN: arn }
  expect((await again.getParameter({ Name })).Parameter).toMatchObject(found)
  expect((await again.getParameter({ Name: `${Name}:1` })).Parameter).toMatchObject({ Value: 'one', Selector: ':1' })
  expect((await again.getParameterHistory({ Name })).Parameters).toMatchObject([{ Value: 'one' }, { Value: 'two' }])
  const tags = await again.listTagsForResource({ ResourceType: 'Parameter', ResourceId: Name })
  expect(tags.TagList).toEqual([{ Key: 'a', Value: 'b' }])
  await expect(connect(bench, 'eu-west-1').getParameter({ Name })).rejects.toMatchObject({ name: 'ParameterNotFound' })
})

it.each([
  ['a space in a name', { Name: '/a b' }, 'ValidationException'],
  ['a sign that names cannot have', { Name: '/a+b' }, 'ValidationException'],
  ['a name that begins with aws', { Name: 'aws-x' }, 'ValidationException'],
  ['a path of AWS’s own', { Name: '/aws/service/x' }, 'AccessDeniedException'],
  ['a name that begins with SSM', { Name: 'SSM-x' }, 'ValidationException'],
  ['levels without a slash before them', { Name: 'a/b' }, 'ValidationException'],
  ['a name of 1000 characters, which are more with the ARN', { Name: 'x'.repeat(1000) }, 'ValidationException'],
  ['sixteen levels', { Name: '/x'.repeat(16) }, 'HierarchyLevelLimitExceededException'],
  ['no type for a new one', { Type: undefined }, 'ValidationException'],
  ['a value of more than 4 KiB', { Value: 'x'.repeat(4097) }, 'ValidationException'],
  ['a type that needs a key', { Type: 'SecureString' }, 'UnsupportedParameterType'],
  ['tags for what is to be overwritten', { Overwrite: true, Tags: [{ Key: 'a', Value: 'b' }] }, 'ValidationException'],
] satisfies [string, Partial<PutParameterCommandInput>, string][])(
  'refuses %s (SSM API, PutParameter: Name, Errors)',
  async (_, change, name) => {
    await using bench = await setUpFrozen()
    await expect(connect(bench).putParameter({ ...text, ...change })).rejects.toMatchObject({ name })
  },
)

it('refuses to make what is there, to change its type, or its data type from or to an image (SSM API, PutParameter: Errors; guide, "Parameter data types")', async () => {
  await using bench = await setUpFrozen()
  const ssm = connect(bench)
  await ssm.putParameter(text)
  await expect(ssm.putParameter(text)).rejects.toMatchObject({ name: 'ParameterAlreadyExists' })
  const list = { ...text, Type: 'StringList', Overwrite: true } as const
  await expect(ssm.putParameter(list)).rejects.toMatchObject({ name: 'HierarchyTypeMismatchException' })
  const other = ssm.putParameter({ ...image, Value: 'ami-12345678', Overwrite: true })
  await expect(other).rejects.toMatchObject({ name: 'ValidationException' })
})

it('takes an AMI id at once and shows it when it was found to be one; meanwhile it takes no other (SSM API, PutParameter: DataType, TooManyUpdates)', async () => {
  await using bench = await setUpFrozen()
  const ssm = connect(bench)
  const Value = await registerEmpty(bench)
  expect(await ssm.putParameter({ ...image, Value })).toMatchObject({ Version: 1 })
  await expect(ssm.getParameter({ Name })).rejects.toMatchObject({ name: 'ParameterNotFound' })
  const overwrite = () => ssm.putParameter({ ...image, Value, Overwrite: true })
  await expect(overwrite()).rejects.toMatchObject({ name: 'TooManyUpdates' })
  bench.pass(20)
  expect((await ssm.getParameter({ Name })).Parameter).toMatchObject({ Value, DataType: 'aws:ec2:image' })
  expect(await overwrite()).toMatchObject({ Version: 2 })
})

it.each([
  ['no id of an image', () => Promise.resolve('not an image')],
  ['an image that there is not', () => Promise.resolve('ami-00000000000000000')],
  [
    'an image that is gone',
    async (bench: EmulatedCloud) => {
      const ImageId = await registerEmpty(bench)
      await bench.region.ec2.deregisterImage({ ImageId })
      return ImageId
    },
  ],
])('says that it took %s, and keeps nothing (SSM API, PutParameter: DataType)', async (_, make) => {
  await using bench = await setUpFrozen()
  expect(await connect(bench).putParameter({ ...image, Value: await make(bench) })).toMatchObject({ Version: 1 })
  bench.pass(1000)
  await expect(connect(bench).getParameter({ Name })).rejects.toMatchObject({ name: 'ParameterNotFound' })
})

it('has a label on one version at a time, and finds the version by it (Systems Manager guide, "Parameter labels")', async () => {
  await using bench = await setUpFrozen()
  const ssm = connect(bench)
  await ssm.putParameter(text)
  await ssm.putParameter({ ...text, Value: 'two', Overwrite: true })
  await ssm.labelParameterVersion({ Name, ParameterVersion: 1, Labels: ['stable'] })
  expect((await ssm.getParameter({ Name: `${Name}:stable` })).Parameter).toMatchObject({ Value: 'one' })
  const Labels = ['stable', '2nd', 'aws-x']
  expect(await ssm.labelParameterVersion({ Name, Labels })).toMatchObject({ InvalidLabels: ['2nd', 'aws-x'] })
  expect((await ssm.getParameterHistory({ Name })).Parameters?.map((one) => one.Labels)).toEqual([[], ['stable']])
  const many = Array.from({ length: 10 }, (_, index) => `l${String(index)}`)
  const limit = { name: 'ParameterVersionLabelLimitExceeded' }
  await expect(ssm.labelParameterVersion({ Name, Labels: many })).rejects.toMatchObject(limit)
  const missing = { name: 'ParameterVersionNotFound' }
  await expect(ssm.labelParameterVersion({ Name, ParameterVersion: 3, Labels })).rejects.toMatchObject(missing)
  await expect(ssm.getParameter({ Name: `${Name}:no` })).rejects.toMatchObject(missing)
})

it('keeps the newest 100 versions, and takes no more while the oldest has a label (SSM API, ParameterMaxVersionLimitExceeded)', async () => {
  await using bench = await setUpFrozen()
  const ssm = connect(bench)
  await ssm.putParameter(text)
  const overwrite = () => ssm.putParameter({ ...text, Overwrite: true })
  for (let version = 2; version <= 101; version += 1) await overwrite()
  const pages = [await ssm.getParameterHistory({ Name, MaxResults: 50 })]
  pages.push(await ssm.getParameterHistory({ Name, MaxResults: 50, NextToken: pages[0]?.NextToken }))
  const numbers = pages.flatMap(({ Parameters: versions = [] }) => versions.map((one) => one.Version))
  expect([numbers.length, numbers[0], numbers.at(-1), pages[1]?.NextToken]).toEqual([100, 2, 101, undefined])
  await ssm.labelParameterVersion({ Name, ParameterVersion: 2, Labels: ['kept'] })
  await expect(overwrite()).rejects.toMatchObject({ name: 'ParameterMaxVersionLimitExceeded' })
})

it('deletes a parameter with its versions, and refuses what is not there (SSM API, DeleteParameter: Errors)', async () => {
  await using bench = await setUpFrozen()
  const ssm = connect(bench)
  await ssm.putParameter(text)
  await ssm.putParameter({ ...text, Overwrite: true })
  await ssm.deleteParameter({ Name })
  await expect(ssm.deleteParameter({ Name })).rejects.toMatchObject({ name: 'ParameterNotFound' })
  await expect(ssm.getParameterHistory({ Name })).rejects.toMatchObject({ name: 'ParameterNotFound' })
  const tags = ssm.listTagsForResource({ ResourceType: 'Parameter', ResourceId: Name })
  await expect(tags).rejects.toMatchObject({ name: 'InvalidResourceId' })
  expect(await ssm.putParameter(text)).toMatchObject({ Version: 1 })
})

it('refuses by policies, and throttles, in the words of the service (SSM API, Common Errors)', async () => {
  const denied = { accounts: [{ ...emulatorAccount, denied: ['PutParameter'] }] }
  await using bench = await setUpFrozen({
    ...denied,
    faults: ({ operation }) => (operation === 'GetParameter' ? 'throttled' : null),
  })
  await expect(connect(bench).putParameter(text)).rejects.toMatchObject({ name: 'AccessDeniedException' })
  await expect(connect(bench).getParameter({ Name })).rejects.toMatchObject({ name: 'ThrottlingException' })
  await expect(connect(bench).getParameters({ Names: [Name] })).rejects.toMatchObject({
    name: 'UnknownOperationException',
  })
})
