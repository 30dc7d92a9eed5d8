import type { _InstanceType, RegisterImageCommandInput, RunInstancesCommandInput } from '@aws-sdk/client-ec2'
import { expect, it } from 'vitest'
import { nobody } from './guests.ts'
import { registerEmpty, setUpFrozen, type EmulatedCloud } from './testing/emulated-cloud.ts'

const modern = { Architecture: 'x86_64', VirtualizationType: 'hvm', EnaSupport: true } as const

function asked(ImageId: string, change: Partial<RunInstancesCommandInput> = {}): RunInstancesCommandInput {
  return { ImageId, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, ...change }
}

async function run(bench: EmulatedCloud, change: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const ImageId = change.ImageId ?? (await registerEmpty(bench, modern))
  const { Instances: [instance] = [] } = await bench.region.ec2.runInstances(asked(ImageId, change))
  return instance?.InstanceId ?? ''
}

async function stateOf({ region }: EmulatedCloud, id: string) {
  const { Reservations: [found] = [] } = await region.ec2.describeInstances({ InstanceIds: [id] })
  return found?.Instances?.[0]?.State?.Name
}

it('starts an instance, shows it a moment later, and still when it has ended (EC2 guide, "Instance lifecycle")', async () => {
  await using bench = await setUpFrozen()
  const id = await run(bench)
  await expect(stateOf(bench, id)).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' })
  bench.pass(10)
  expect(await stateOf(bench, id)).toBe('pending')
  bench.pass(20)
  expect(await stateOf(bench, id)).toBe('running')
  await bench.region.ec2.terminateInstances({ InstanceIds: [id] })
  expect(await stateOf(bench, id)).toBe('shutting-down')
  bench.pass(30)
  expect(await stateOf(bench, id)).toBe('terminated')
  await bench.region.ec2.terminateInstances({ InstanceIds: [id] })
  expect(await stateOf(bench, id)).toBe('terminated')
})

it.each<[string, string, _InstanceType, Partial<RegisterImageCommandInput>]>([
  ['another architecture', 'InvalidParameterValue', 't4g.micro', {}],
  ['a type that there is not', 'InvalidParameterValue', 't9.micro' as _InstanceType, {}],
  ['UEFI on a machine that has only BIOS', 'UnsupportedOperation', 't2.micro', { BootMode: 'uefi' }],
  ['a TPM on a machine without', 'UnsupportedOperation', 'm5.metal', { BootMode: 'uefi', TpmSupport: 'v2.0' }],
  ['an image without ENA on a machine that needs it', 'InvalidParameterCombination', 't3.micro', { EnaSupport: false }],
])('refuses %s (EC2 guide, "Boot modes", "NitroTPM", "Enhanced networking")', async (_, name, InstanceType, change) => {
  await using bench = await setUpFrozen()
  const ImageId = await registerEmpty(bench, { ...modern, ...change })
  await expect(run(bench, { ImageId, InstanceType })).rejects.toMatchObject({ name })
})

it('starts an image that knows both firmwares by UEFI where there is one (EC2 guide, "Boot modes": uefi-preferred)', async () => {
  await using bench = await setUpFrozen()
  const ImageId = await registerEmpty(bench, { ...modern, BootMode: 'uefi-preferred' })
  for (const InstanceType of ['t2.micro', 't3.micro'] as const) await run(bench, { ImageId, InstanceType })
  bench.pass(50)
  const { Reservations: all = [] } = await bench.region.ec2.describeInstances({})
  const modes = all.map(({ Instances: [one] = [] }) => [one?.InstanceType, one?.CurrentInstanceBootMode])
  expect(Object.fromEntries(modes)).toEqual({ 't2.micro': 'legacy-bios', 't3.micro': 'uefi' })
})

it('gives the same instance for the same client token and request, and refuses others (EC2 API guide, "Ensuring idempotency")', async () => {
  await using bench = await setUpFrozen()
  const ImageId = await registerEmpty(bench, modern)
  const id = await run(bench, { ImageId, ClientToken: 'one' })
  expect(await run(bench, { ImageId, ClientToken: 'one' })).toBe(id)
  const other = run(bench, { ImageId, ClientToken: 'one', InstanceType: 't3.small' })
  await expect(other).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' })
  bench.pass(50)
  await bench.region.ec2.terminateInstances({ InstanceIds: [id] })
  bench.pass(50)
  const ended = run(bench, { ImageId, ClientToken: 'one' })
  await expect(ended).rejects.toMatchObject({ name: 'IdempotentInstanceTerminated' })
})

it('has no machine of a type that is out, and takes no user data above 16 KiB (EC2 API, Error codes; RunInstances: UserData)', async () => {
  await using bench = await setUpFrozen({ hasCapacity: (type) => type !== 't3.small' })
  await expect(run(bench, { InstanceType: 't3.small' })).rejects.toMatchObject({ name: 'InsufficientInstanceCapacity' })
  const ImageId = await registerEmpty(bench, { ...modern, Name: 'another' })
  const UserData = Buffer.alloc(16_385).toString('base64')
  await expect(run(bench, { ImageId, UserData })).rejects.toMatchObject({ name: 'InvalidParameterValue' })
})

it('tells the end of the console, at once on Nitro alone, and also after the end (EC2 API, GetConsoleOutput)', async () => {
  await using bench = await setUpFrozen({
    startGuest: () => ({ ...nobody, console: () => `${'x'.repeat(70_000)} said` }),
  })
  const { ec2 } = bench.region
  const ImageId = await registerEmpty(bench, modern)
  const id = await run(bench, { ImageId })
  bench.pass(10)
  expect((await ec2.getConsoleOutput({ InstanceId: id, Latest: true })).Output).toBeUndefined()
  bench.pass(20)
  await ec2.terminateInstances({ InstanceIds: [id] })
  const { Output: output = '' } = await ec2.getConsoleOutput({ InstanceId: id, Latest: true })
  const said = Buffer.from(output, 'base64').toString()
  expect([said.length, said.slice(-5)]).toEqual([65_536, ' said'])
  const old = await run(bench, { ImageId, InstanceType: 't2.micro' })
  bench.pass(50)
  const latest = ec2.getConsoleOutput({ InstanceId: old, Latest: true })
  await expect(latest).rejects.toMatchObject({ name: 'UnsupportedOperation' })
  expect((await ec2.getConsoleOutput({ InstanceId: old })).Output).toBeDefined()
})

it('ends an instance whose guest powers itself off, where that was asked for (EC2 API, RunInstances: InstanceInitiatedShutdownBehavior)', async () => {
  await using bench = await setUpFrozen({ startGuest: () => ({ ...nobody, isOff: () => true }) })
  const ImageId = await registerEmpty(bench, modern)
  const id = await run(bench, { ImageId, InstanceInitiatedShutdownBehavior: 'terminate' })
  bench.pass(50)
  expect(await stateOf(bench, id)).toBe('shutting-down')
  const { Reservations: [found] = [] } = await bench.region.ec2.describeInstances({ InstanceIds: [id] })
  expect(found?.Instances?.[0]?.StateReason?.Code).toBe('Client.InstanceInitiatedShutdown')
})
