import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { objectsOf, removeObject } from './emulator/objects.ts'
import { setUp, type Bench } from './testing/bench.ts'
import { blessed, expired, handle, keepDisk, registrationsIn, superseded, tested } from './testing/events.ts'
import { diskOf, imagesIn, objectsIn } from './testing/look.ts'

let bench: Bench
beforeEach(async () => {
  bench = await setUp()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

const images = () => imagesIn(bench.emulator.world)
const objects = () => objectsIn(bench.emulator.world)
const upload = async (disk: Awaited<ReturnType<typeof keepDisk>>) =>
  registrationsIn((await handle(bench, tested(disk))).events)
const name = 'fedora-19-generic-x86_64-20130521-Beta-1.2'
const mebibyte = 1024 * 1024

it('registers a private image that starts with the very disk that was tested, and sends nothing of it twice', async () => {
  const disk = await keepDisk(bench.artifacts)
  const { events } = await handle(bench, tested(disk))
  const location = images()[0]?.location ?? ''
  expect(registrationsIn(events)).toEqual([
    { target: 'eucalyptus', emulated: false, place: 'one', id: images()[0]?.id, name, details: { location } },
  ])
  expect(images()).toMatchObject([{ name, isPublic: false, architecture: 'x86_64', virtualization: 'hvm' }])
  expect(images()[0]?.tags).toMatchObject({ 'imagedrop:drop': 'milestone-Fedora-19-20130521.0' })
  expect(objects()).toEqual(['manifest.xml', 'part.00'].map((end) => location.replace('manifest.xml', end)))
  const [image] = images()
  const there = image === undefined ? null : await diskOf(bench.emulator.world, image)
  expect(there?.equals(await readFile(await bench.artifacts.open(disk)))).toBe(true)
  const again = await handle(bench, tested(disk))
  expect(registrationsIn(again.events)).toEqual(registrationsIn(events))
  expect(again.events).toMatchObject([{ body: { bytes: 0 } }])
})

it('goes on with the parts that an upload which was cut off has left', async () => {
  const disk = await keepDisk(bench.artifacts, { size: 12 * mebibyte, data: 10.5 * mebibyte })
  await upload(disk)
  const { world } = bench.emulator
  const [image] = images()
  if (image) await world.images.save({ ...image, state: 'gone' })
  const [manifest, , last] = objectsOf(world, `imagedrop-123456789012`)
  for (const object of [manifest, last]) if (object) await removeObject(world, object)
  const { events } = await handle(bench, tested(disk))
  expect(events).toMatchObject([{ body: { bytes: last?.size } }])
  expect(images()).toHaveLength(1)
})

it('puts the image of another disk in the place of one that was tested before and never opened', async () => {
  const [before] = await upload(await keepDisk(bench.artifacts))
  const [after] = await upload(await keepDisk(bench.artifacts))
  expect(images().map(({ id }) => id)).toEqual([after?.id])
  expect(after?.id).not.toBe(before?.id)
  const folder = after?.details['location']?.replace(/[^/]*$/, '') ?? '?'
  expect(objects().filter((key) => !key.startsWith(folder))).toEqual([])
  await handle(bench, blessed(after === undefined ? [] : [after]))
  await expect(upload(await keepDisk(bench.artifacts))).rejects.toMatchObject({
    failureClass: 'refused',
    message: expect.stringContaining(`the name ${name} is taken by ${after?.id ?? ''}`) as string,
  })
})

it('opens with the blessing, closes when superseded, and is gone with its bundle when its days are over', async () => {
  const registrations = await upload(await keepDisk(bench.artifacts))
  const { events } = await handle(bench, blessed(registrations))
  expect(registrationsIn(events)).toEqual(registrations)
  expect(images()).toMatchObject([{ isPublic: true }])
  const { wait } = await handle(bench, superseded(registrations))
  expect(wait?.until.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000)
  expect(wait?.kind).toBe('planned')
  expect(images()).toMatchObject([{ isPublic: false }])
  const waited = { state: null, since: new Date(), why: 'time' } as const
  await handle(bench, superseded(registrations), { waited })
  expect([images(), objects()]).toEqual([[], []])
  await handle(bench, expired(registrations))
})

it('opens nothing of what has lost a part of its bundle', async () => {
  const registrations = await upload(await keepDisk(bench.artifacts))
  const [, part] = objectsOf(bench.emulator.world, 'imagedrop-123456789012')
  if (part) await removeObject(bench.emulator.world, part)
  await expect(handle(bench, blessed(registrations))).rejects.toThrow(/has lost its bundle; retry the upload/)
  expect(images()).toMatchObject([{ isPublic: false }])
})

it('stays private where the cloud is set so', async () => {
  const clouds = await bench.publisher({ env: { IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS: 'one=private' } })
  const registrations = await upload(await keepDisk(bench.artifacts))
  expect(registrationsIn((await handle(bench, blessed(registrations), { clouds })).events)).toEqual(registrations)
  expect(images()).toMatchObject([{ isPublic: false }])
})

it.each([
  ['an architecture that Eucalyptus does not run', 'aarch64', 'Eucalyptus runs no aarch64: generic.aarch64'],
] as const)('says so of %s', async (_, architecture, message) => {
  const event = tested(await keepDisk(bench.artifacts))
  const image = { ...event.body.image, architecture }
  await expect(handle(bench, { ...event, body: { ...event.body, image } })).rejects.toThrow(message)
})

it('finds all objects of a drop, however many pages their list has', async () => {
  await using small = await setUp({ mostKeys: 1 })
  const disk = await keepDisk(small.artifacts)
  const registrations = registrationsIn((await handle(small, tested(disk))).events)
  expect(registrationsIn((await handle(small, tested(disk))).events)).toEqual(registrations)
  await handle(small, expired(registrations))
  expect(objectsIn(small.emulator.world)).toEqual([])
})

it('says so when it cannot read what the files name', async () => {
  const missing = await bench.publisher({ user: ['private-key = /nonexistent/key.pem'] })
  const event = tested(await keepDisk(bench.artifacts))
  await expect(handle(bench, event, { clouds: missing })).rejects.toMatchObject({
    failureClass: 'environment',
    message: expect.stringContaining('one: private-key: ENOENT') as string,
  })
  const key = join(bench.folder, 'key.pem')
  await writeFile(key, 'no key')
  const wrong = await bench.publisher({ user: [`private-key = ${key}`] })
  await expect(handle(bench, event, { clouds: wrong })).rejects.toMatchObject({
    failureClass: 'environment',
    message: expect.stringContaining('private-key of the user cannot sign') as string,
  })
  const other = await bench.publisher({ user: [`certificate = ${key}`] })
  await expect(handle(bench, event, { clouds: other })).rejects.toThrow(
    'a certificate for bundles cannot be read as PEM',
  )
})

it('says which section of which file lacks what', async () => {
  const clouds = await bench.publisher({ env: { IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS: 'two' } })
  await expect(handle(bench, tested(await keepDisk(bench.artifacts)), { clouds })).rejects.toThrow(
    /euca2ools-2.ini has no section \[region two\]; there are \[region one\]/,
  )
  const wrong = await bench.publisher({ user: ['account-id = me'] })
  await expect(handle(bench, tested(await keepDisk(bench.artifacts)), { clouds: wrong })).rejects.toThrow(
    /\[region one\] and \[user publisher\]: account-id.*12 digits/,
  )
})
