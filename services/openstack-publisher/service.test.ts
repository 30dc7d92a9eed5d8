import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { PermanentError } from '#service/errors.ts'
import { startOpenStack, type OpenStack } from '#test/brokers/openstack/openstack.ts'
import { testAudit } from './testing/audit-tests.ts'
import { setUp } from './testing/bench.ts'
import { testDownloads } from './testing/download-tests.ts'
import {
  blessed,
  converted,
  digestOf,
  expired,
  handle,
  keepDisks,
  superseded,
  tested,
  upload,
} from './testing/events.ts'

let stack: OpenStack | undefined
beforeAll(async () => {
  stack = await startOpenStack()
}, 300_000)
afterAll(async () => {
  await stack?.[Symbol.asyncDispose]()
})

function cloud(): OpenStack {
  if (!stack) throw new Error('OpenStack did not start')
  return stack
}

testAudit(cloud)

it('waits for the conversion of the very disk that was tested', async () => {
  await using bench = await setUp(cloud())
  const disks = await keepDisks(bench.artifacts)
  const { wait } = await handle(bench, tested(disks))
  expect(wait).toMatchObject({ for: 'milestone-Fedora-19-20130521.0 generic.x86_64', reason: 'the conversion' })
  const other = await keepDisks(bench.artifacts)
  const again = await handle(bench, tested(disks), {
    waited: { state: null, since: new Date(0), why: { event: converted(other) } },
  })
  expect(again).toMatchObject({ events: [], wait: { for: wait?.for } })
  expect(await bench.images()).toEqual([])
})

it('uploads a private image that OpenStack reads as it was meant', async () => {
  await using bench = await setUp(cloud())
  const disks = await keepDisks(bench.artifacts)
  const [registration] = await upload(bench, disks)
  const bytes = await readFile(await bench.artifacts.open(disks.qcow2))
  expect(registration).toEqual({
    target: 'openstack',
    emulated: false,
    place: 'one',
    id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as string,
    name: 'fedora-19-generic-x86_64-20130521-Beta-1.2',
    details: { sha512: digestOf(bytes, 'sha512') },
  })
  expect(await bench.openstack('image', 'show', registration?.id ?? '')).toMatchObject({
    status: 'active',
    visibility: 'private',
    disk_format: 'qcow2',
    container_format: 'bare',
    size: bytes.length,
    virtual_size: disks.disk.size,
    checksum: digestOf(bytes, 'md5'),
    min_disk: 1,
    min_ram: 512,
    tags: expect.arrayContaining(['imagedrop', 'generic']) as string[],
    properties: {
      architecture: 'x86_64',
      os_distro: 'fedora',
      os_version: '19',
      os_hash_value: digestOf(bytes, 'sha512'),
      hw_cdrom_bus: 'scsi',
      imagedrop_drop: 'milestone-Fedora-19-20130521.0',
      imagedrop_sha256: disks.qcow2.sha256,
    },
  })
})

it('finishes an upload that was cut off in the middle of the data', async () => {
  await using bench = await setUp(cloud())
  const disks = await keepDisks(bench.artifacts)
  const cut = new AbortController()
  const clouds = bench.publisher({}, (request, send) => {
    if (request.method !== 'PUT' || typeof request.body !== 'object') return send()
    request.body.once('data', () => cut.abort(new Error('cut')))
    return send()
  })
  await expect(upload(bench, disks, { clouds, signal: cut.signal })).rejects.toThrow('cut')
  const registrations = await upload(bench, disks)
  expect(await bench.images()).toMatchObject([{ id: registrations[0]?.id, status: 'active' }])
})

it('replaces data that is not ours under our own name', async () => {
  await using bench = await setUp(cloud())
  const disks = await keepDisks(bench.artifacts)
  const other = await bench.artifacts.open((await keepDisks(bench.artifacts)).qcow2)
  // Somebody with our account sends another disk of the same size in our stead, twice.
  let times = 0
  const clouds = bench.publisher({}, (request, send) => {
    if (request.method !== 'PUT' || times === 2) return send()
    times += 1
    Object.assign(request, { body: createReadStream(other) })
    return send()
  })
  const [right] = await upload(bench, disks, { clouds })
  const bytes = await readFile(await bench.artifacts.open(disks.qcow2))
  expect(right?.details).toEqual({ sha512: digestOf(bytes, 'sha512') })
  expect(await bench.images()).toMatchObject([{ id: right?.id, status: 'active' }])
  expect(times).toBe(2)
})

it('makes it public where the account may, and says what to do where it may not', async () => {
  await using admin = await setUp(cloud(), 'admin')
  const open = admin.publisher({ IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS: 'one' })
  const registrations = await upload(admin, await keepDisks(admin.artifacts))
  await handle(admin, blessed(registrations), { clouds: open })
  expect(await admin.images()).toMatchObject([{ id: registrations[0]?.id, visibility: 'public' }])
  await handle(admin, expired(registrations))

  await using member = await setUp(cloud())
  const refused = member.publisher({ IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS: 'one' })
  const theirs = await upload(member, await keepDisks(member.artifacts))
  await expect(handle(member, blessed(theirs), { clouds: refused })).rejects.toThrow(
    /403 You are not authorized to complete publicize_image action\. \(.*set the cloud to one=community\)/,
  )
})

it('opens nothing when an image was deleted or replaced by somebody', async () => {
  await using bench = await setUp(cloud())
  const registrations = await upload(bench, await keepDisks(bench.artifacts))
  const missing = registrations.map((one) => ({ ...one, id: '11111111-2222-4333-8444-555555555555' }))
  await expect(handle(bench, blessed([...registrations, ...missing]))).rejects.toThrow(
    /is not there, but was uploaded as/,
  )
  expect(await bench.images()).toMatchObject([{ id: registrations[0]?.id, visibility: 'private' }])
})

it('hides what was open when the drop is superseded, and removes it when its days are over', async () => {
  await using bench = await setUp(cloud())
  const registrations = await upload(bench, await keepDisks(bench.artifacts))
  await handle(bench, blessed(registrations))
  const event = superseded(registrations)
  const { wait } = await handle(bench, event)
  expect(wait?.until.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000)
  expect(await bench.images()).toEqual([])
  expect(await bench.images('hidden')).toMatchObject([{ id: registrations[0]?.id }])
  expect(await handle(bench, event, { waited: { state: null, since: new Date(0), why: 'time' } })).toEqual({
    events: [],
  })
  expect(await bench.images('hidden')).toEqual([])
})

it('removes at once what nobody has seen, also what no event knows of, and nothing else', async () => {
  await using bench = await setUp(cloud())
  const disks = await keepDisks(bench.artifacts)
  await upload(bench, disks)
  const other = await handle(bench, tested(disks, { drop: 'weekly-Fedora-19-20130522.0' }), {
    waited: { state: null, since: new Date(0), why: { event: converted(disks) } },
  })
  await bench.openstack('image', 'create', '--tag', 'imagedrop', 'not-ours')
  expect(await handle(bench, superseded([]))).toEqual({ events: [] })
  expect(await bench.images()).toHaveLength(2)
  expect(other.events).toHaveLength(1)
})

it.each([
  ['a wrong password', /password: secret/, 'password: wrong', /401 .*\(check user and password/],
  ['a cloud that is not in the file', /^ {2}one:/m, '  two:', /clouds\.yaml has no cloud one; it has two/],
  ['a project that there is not', /project_name: .*/, 'project_name: nobody', /401/],
  [
    'a region that there is not',
    /RegionOne/,
    'RegionTwo',
    /no public image service in RegionTwo; regions are RegionOne/,
  ],
  ['an address that is none', /auth_url: .*/, 'auth_url: "nowhere"', /clouds\.one\.auth\.auth_url: .*, got "nowhere"/],
  [
    'a profile of a vendor',
    /region_name/,
    'profile: vexxhost\n    region_name',
    /clouds\.one\.profile: profiles of vendors/,
  ],
])('%s is said with what to do, and nothing is made', async (_, pattern, instead, message) => {
  await using bench = await setUp(cloud())
  await writeFile(bench.cloudsFile, (await readFile(bench.cloudsFile, 'utf8')).replace(pattern, instead))
  const failed = upload(bench, await keepDisks(bench.artifacts))
  await expect(failed).rejects.toBeInstanceOf(PermanentError)
  await expect(failed).rejects.toThrow(message)
})

it('a cloud that fails holds up no other', async () => {
  await using bench = await setUp(cloud())
  const clouds = bench.publisher({ IMAGEDROP_OPENSTACK_PUBLISHER_CLOUDS: 'one=community,one/Nowhere=community' })
  await expect(upload(bench, await keepDisks(bench.artifacts), { clouds })).rejects.toThrow('one/Nowhere')
  expect(await bench.images()).toMatchObject([{ status: 'active' }])
})

testDownloads(cloud)
