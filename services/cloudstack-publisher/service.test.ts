import { afterEach, beforeEach, expect, it } from 'vitest'
import { setUp, type Bench } from './testing/bench.ts'
import { expired, handle, handleToTheEnd, mirrored, registrationsIn, superseded } from './testing/events.ts'

let bench: Bench
beforeEach(async () => {
  bench = await setUp()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

const templates = () => bench.cloud.world.templates
const shape = () => templates().map(({ name, ispublic, isready }) => ({ name, ispublic, isready }))
const name = 'fedora-19-generic-x86_64-20130521-Beta-1.2'

it('has the cloud fetch the open file, waits without holding anything, and opens it when it is there', async () => {
  const gate = Promise.withResolvers<void>()
  bench.cloud.world.fetchGate = gate.promise
  const first = await handle(bench, mirrored(bench))
  expect(first).toMatchObject({ events: [], wait: { for: null, reason: 'the clouds to fetch the images' } })
  expect(shape()).toEqual([{ name, ispublic: false, isready: false }])
  gate.resolve()
  const [registration] = registrationsIn(await handleToTheEnd(bench, mirrored(bench)))
  expect(shape()).toEqual([{ name, ispublic: true, isready: true }])
  expect(registration).toEqual({
    target: 'cloudstack',
    emulated: false,
    place: 'one/zone-1',
    id: templates()[0]?.id,
    name,
    details: { sha256: bench.file.sha256 },
  })
})

it('tells the cloud what it needs to know, and which kind of guest it is, by the nearest that it has', async () => {
  await handleToTheEnd(bench, mirrored(bench))
  const other = bench.cloud.world.osTypes.find(({ description }) => description === 'Other Linux (64-bit)')?.id
  expect(templates()[0]?.fields).toMatchObject({
    checksum: `{SHA-256}${bench.file.sha256}`,
    format: 'QCOW2',
    hypervisor: 'KVM',
    arch: 'x86_64',
    ostypeid: other,
    'details[0].rootDiskController': 'virtio',
  })
})

it('a file that is not what was promised is told in the words of the cloud, is gone, and a retry begins anew', async () => {
  bench.serve(Buffer.from('something else'))
  await expect(handleToTheEnd(bench, mirrored(bench))).rejects.toMatchObject({
    failureClass: 'refused',
    message: expect.stringMatching(/one\/zone-1: .*checksum mismatch/) as string,
  })
  expect(templates()).toEqual([])
  bench.serve(null)
  await expect(handleToTheEnd(bench, mirrored(bench))).rejects.toThrow(/HTTP Server returned 404/)
})

it('registers in several zones, and one that refuses holds up no other', async () => {
  const both = bench.publisher({ IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: 'one/zone-1, one/zone-2=private' })
  const events = await handleToTheEnd(bench, mirrored(bench), both)
  expect(registrationsIn(events).map(({ place }) => place)).toEqual(['one/zone-1', 'one/zone-2'])
  const zones = new Map(bench.cloud.world.zones.map(({ id, name }) => [id, name]))
  const isPublic = templates().map(({ zoneid, ispublic }) => [zones.get(zoneid), ispublic])
  expect(Object.fromEntries(isPublic)).toEqual({ 'zone-1': true, 'zone-2': false })
  await handle(bench, expired(), { clouds: both })
  const wrong = bench.publisher({ IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS: 'one/zone-9, one/zone-1' })
  await expect(handle(bench, mirrored(bench), { clouds: wrong })).rejects.toThrow(
    'one has no zone zone-9; it has zone-1, zone-2',
  )
  expect(templates()).toHaveLength(1)
})

it('is private when superseded, and gone when its days are over', async () => {
  await handleToTheEnd(bench, mirrored(bench))
  const { wait } = await handle(bench, superseded())
  expect(wait?.until.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000)
  expect(wait?.kind).toBe('planned')
  expect(shape()).toEqual([{ name, ispublic: false, isready: true }])
  await handle(bench, superseded(), { waited: { state: null, since: new Date(), why: 'time' } })
  expect(templates()).toEqual([])
})

it('gives up a download that takes longer than it may', async () => {
  bench.cloud.world.fetchGate = new Promise(() => {})
  const waited = { state: null, since: new Date(Date.now() - 13 * 3_600_000), why: 'time' } as const
  await expect(handle(bench, mirrored(bench), { waited })).rejects.toMatchObject({
    failureClass: 'stuck',
    message: 'no cloud has all templates after 12 h',
  })
})
