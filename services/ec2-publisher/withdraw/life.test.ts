import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import {
  blessed,
  expired,
  handle,
  handleOnce,
  inventory,
  keepDisk,
  registrationsIn,
  setUp,
  superseded,
  tested,
  woken,
  type Bench,
} from '../testing/bench.ts'

const day = 86_400_000
const retention = { keepDays: 7, hiddenDays: 3, launchedDays: 0 }

/** An image of a drop, public. */
async function publish(bench: Bench, drop = 'weekly-Fedora-19-20130521.0') {
  const event = tested(await keepDisk(bench.artifacts), {}, drop)
  const compose = { ...event.body.compose, date: /\d{8}/.exec(drop)?.[0] ?? '' }
  const registrations = registrationsIn(await handle(bench, { ...event, body: { ...event.body, compose } }))
  await handle(bench, blessed(registrations))
  return registrations
}

async function images(bench: Bench, region = 'us-east-1') {
  return (await inventory({ region: bench.connect(region) })).images
}

it('says when an image is made, in each region, when it will be deprecated', async () => {
  await using bench = await setUp(
    {},
    {
      IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, eu-west-1',
      IMAGEDROP_EC2_PUBLISHER_DEPRECATE_DAYS: '90',
    },
  )
  await handle(bench, tested(await keepDisk(bench.artifacts)))
  for (const region of ['us-east-1', 'eu-west-1']) {
    const [image] = await images(bench, region)
    const after = Date.parse(image?.DeprecationTime ?? '') - Date.parse(image?.CreationDate ?? '')
    expect(Math.abs(after - 90 * day)).toBeLessThan(60_000)
  }
})

it('deprecates what a newer drop has superseded, then hides it, then removes it, by the days of the policy', async () => {
  await using bench = await setUp()
  const registrations = await publish(bench)
  const event = superseded(registrations, 'weekly-Fedora-19-20130521.0')
  const at = { ...bench, retention }

  const first = await handleOnce(at, event)
  const [deprecated] = await images(bench)
  expect(Date.parse(deprecated?.DeprecationTime ?? '') - Date.now()).toBeLessThan(3 * 60_000)
  expect(deprecated).toMatchObject({ Public: true })
  expect((first.wait?.until.getTime() ?? 0) - Date.now()).toBeGreaterThan(6.9 * day)

  const second = await handleOnce(at, event, woken(first))
  expect(await images(bench)).toMatchObject([{ Public: false }])
  expect((second.wait?.until.getTime() ?? 0) - Date.now()).toBeGreaterThan(9.9 * day)

  expect(await handleOnce(at, event, woken(second))).toEqual({ events: [] })
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
})

it('hides at once what a person withdrew for a reason, and removes at once what has expired', async () => {
  await using bench = await setUp()
  const registrations = await publish(bench)
  const drop = 'weekly-Fedora-19-20130521.0'
  const at = { ...bench, retention }
  const { wait } = await handleOnce(at, superseded(registrations, drop, 'it does not boot'))
  expect(await images(bench)).toMatchObject([{ Public: false }])
  expect(wait).toBeDefined()
  expect(await handleOnce(at, expired(registrations, drop))).toEqual({ events: [] })
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
})

it('never removes an image that was launched lately, and looks again the next day', async () => {
  let launched: Date | null = new Date(Date.now() - 20 * day)
  await using bench = await setUp({ launchedAt: () => launched })
  const registrations = await publish(bench)
  const event = superseded(registrations, 'weekly-Fedora-19-20130521.0')
  const at = { ...bench, retention: { keepDays: 0, hiddenDays: 0, launchedDays: 30 } }
  const first = await handleOnce(at, event)
  expect(first.wait).toMatchObject({ reason: 'images that are still used', kind: 'planned' })
  expect(await inventory(bench)).toMatchObject({ images: [{}], snapshots: [{}] })
  launched = new Date(Date.now() - 40 * day)
  expect(await handleOnce(at, event, woken(first))).toEqual({ events: [] })
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
})

it('keeps the last images of a stream, and counts neither older ones nor those of other streams', async () => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_KEEP_LAST: '1' })
  const drop = 'weekly-Fedora-19-20130521.0'
  await publish(bench, 'nightly-Fedora-19-20130522.0')
  const registrations = await publish(bench, drop)
  const event = superseded(registrations, drop)
  const first = await handleOnce(bench, event)
  expect(first.wait).toBeDefined()
  expect(await images(bench)).toHaveLength(2)
  await sleep(20)
  await publish(bench, 'weekly-Fedora-19-20130528.0')
  expect(await handleOnce(bench, event, woken(first))).toEqual({ events: [] })
  expect((await images(bench)).map((one) => one.ImageId)).not.toContain(registrations[0]?.id)
})

it('protects the images of a Final against being deregistered, and withdraws them nevertheless', async () => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, eu-west-1' })
  const event = tested(await keepDisk(bench.artifacts))
  const registrations = registrationsIn(await handle(bench, event))
  await handle({ ...bench, protectFinal: true }, blessed(registrations, {}, 'Final'))
  for (const { place, id } of registrations)
    await expect(bench.connect(place).ec2.deregisterImage({ ImageId: id })).rejects.toThrow(/deregistration protection/)
  await handle(bench, superseded(registrations, event.body.drop))
  for (const { place } of registrations) expect(await images(bench, place)).toEqual([])
})

it('makes an image public again that was closed, and says nothing, as nothing has changed', async () => {
  await using bench = await setUp()
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  const at = { ...bench, watchHours: 24 }
  const first = await handleOnce(at, blessed(registrations))
  expect(first.events).toHaveLength(1)
  await bench.region.ec2.modifyImageAttribute({
    ImageId: registrations[0]?.id,
    LaunchPermission: { Remove: [{ Group: 'all' }] },
  })
  const second = await handleOnce(at, blessed(registrations), woken(first))
  expect(second).toMatchObject({ events: [], wait: { reason: 'the next look at what is public', kind: 'planned' } })
  expect(await images(bench)).toMatchObject([{ Public: true }])
})

it('says that an image is missing which somebody has removed, and makes no other', async () => {
  await using bench = await setUp({}, { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, eu-west-1' })
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  const at = { ...bench, watchHours: 24 }
  const first = await handleOnce(at, blessed(registrations))
  await bench.connect('eu-west-1').ec2.deregisterImage({ ImageId: registrations[1]?.id })
  await sleep(20)
  const second = await handleOnce(at, blessed(registrations), woken(first))
  const missing = [{ place: 'eu-west-1', reason: expect.stringContaining('is not there') as unknown }]
  expect(second.events).toMatchObject([{ body: { registrations: [{ place: 'us-east-1' }], missing } }])
  expect((await handleOnce(at, blessed(registrations), woken(second))).events).toEqual([])
  expect(await images(bench, 'eu-west-1')).toEqual([])
})

it('does not let a published drop fail because a look fails', async () => {
  await using bench = await setUp()
  const registrations = registrationsIn(await handle(bench, tested(await keepDisk(bench.artifacts))))
  const first = await handleOnce({ ...bench, watchHours: 24 }, blessed(registrations))
  const elsewhere = registrations.map((one) => ({ ...one, emulated: false }))
  const second = await handleOnce({ ...bench, watchHours: 24 }, blessed(elsewhere), woken(first))
  expect(second).toMatchObject({ events: [], wait: {} })
})
