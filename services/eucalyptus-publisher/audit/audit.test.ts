import { afterEach, beforeEach, expect, it } from 'vitest'
import { imageTested } from '#events/image-tested.ts'
import type { Registration } from '#events/vocabulary.ts'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import type { ClaimedDrop } from '#service/audit.ts'
import { audit } from '../audit.ts'
import { keepObject, objectsOf, removeObject } from '../emulator/objects.ts'
import { registerImage } from '../emulator/register-image.ts'
import { standIn } from '../stand-in.ts'
import { setUp, type Bench } from '../testing/bench.ts'
import { blessed, handle, keepDisk, registrationsIn, tested } from '../testing/events.ts'
import { diskOf, imagesIn, objectsIn } from '../testing/look.ts'

const { drop } = imageTested.example
const image = 'generic.x86_64'
const bucket = `imagedrop-${emulatorAccount.accountId}`

let bench: Bench
beforeEach(async () => {
  bench = await setUp()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

/** A drop that is open, as the ledger knows it, with its one registration. */
async function publish(): Promise<{ readonly claim: ClaimedDrop; readonly registration: Registration }> {
  const disk = await keepDisk(bench.artifacts, { size: 256 * 1024, data: 10_000 })
  const registrations = registrationsIn((await handle(bench, tested(disk))).events)
  await handle(bench, blessed(registrations))
  const [registration] = registrations
  if (registration === undefined) throw new Error('nothing was published')
  return { claim: claimOf(drop, registrations), registration }
}

function claimOf(name: string, registrations: readonly Registration[], change: Partial<ClaimedDrop> = {}): ClaimedDrop {
  const claimed = registrations.map((one) => ({ ...one, image, isPublic: true }))
  return { drop: name, state: 'public', isUnderway: false, registrations: claimed, ...change }
}

async function run(drops: readonly ClaimedDrop[], repair = false, clouds = bench.clouds) {
  const report = await clouds.audit(drops, { signal: AbortSignal.timeout(60_000), progress() {} }, { repair })
  return report.findings
}

/** Has an upload begun and cut off: the folder of its bundle. */
async function cutOff(folderOfDrop: string): Promise<string> {
  const { world } = bench.emulator
  const folder = `${folderOfDrop}/${image}/0123456789abcdef-0123456789ab/`
  const part = { bucket, key: `${folder}disk.part.00`, acl: 'aws-exec-read' }
  await keepObject(world, part, Buffer.from('a part'))
  return folder
}

it('says that an image has lost a part of its bundle, and so starts no machine', async () => {
  const { claim, registration } = await publish()
  const part = objectsOf(bench.emulator.world, bucket).find(({ key }) => key.includes('disk.part.'))
  if (part) await removeObject(bench.emulator.world, part)
  const finding = { kind: 'unavailable', place: 'one', id: registration.id, drop, image, repair: null, repaired: false }
  expect(await run([claim], true)).toMatchObject([{ ...finding, found: 'without its whole bundle' }])
})

it('finds bundles of no image, and removes those that a drop of this ledger has left, and nothing that is not laid as ours', async () => {
  const { claim } = await publish()
  const plus = 'nightly-Fedora+x~1_2B-20130521.n.0'
  const left = await cutOff('nightly-Fedora_2Bx_7E1_2B-20130521.n.0')
  const unclaimed = await cutOff(drop)
  const unknown = await cutOff('nightly-Debian_2By-12')
  const half = await cutOff('weekly-Debian-12-20130521.0')
  await keepObject(bench.emulator.world, { bucket, key: 'notes/of/somebody.txt', acl: 'private' }, Buffer.from('notes'))
  const ledger = [
    claim,
    claimOf(plus, [], { state: 'ended' }),
    claimOf('weekly-Debian-12-20130521.0', [], { isUnderway: true, state: 'private' }),
  ]
  const findings = await run(ledger, true)
  const shown = findings.map(({ kind, id, drop: of, repaired }) => [kind, id, of, repaired])
  expect(new Set(shown)).toEqual(
    new Set([
      ['unclaimed', `${bucket}/${unclaimed}`, drop, true],
      ['left', `${bucket}/${left}`, plus, true],
      ['unknown', `${bucket}/${unknown}`, 'nightly-Debian+y-12', false],
    ]),
  )
  const there = objectsIn(bench.emulator.world)
  expect(there.filter((key) => [left, unclaimed].some((one) => key.startsWith(`${bucket}/${one}`)))).toEqual([])
  for (const kept of [unknown, half, 'notes/of/']) expect(there.join('\n')).toContain(`${bucket}/${kept}`)
  expect((await run(ledger)).map(({ kind }) => kind)).toEqual(['unknown'])
  const [open] = imagesIn(bench.emulator.world)
  expect(open && (await diskOf(bench.emulator.world, open))).not.toBeNull()
})

it('removes an image that was registered again from the bundle of another, and not the bundle', async () => {
  const { claim, registration } = await publish()
  const { world } = bench.emulator
  const location = registration.details['location'] ?? ''
  const asked = { Name: 'again', ImageLocation: location, VirtualizationType: 'hvm' }
  await registerImage(world, emulatorAccount, new URLSearchParams(asked))
  const before = objectsIn(world)
  const again = imagesIn(world).find(({ name }) => name === 'again')?.id
  expect(await run([claim], true)).toMatchObject([{ kind: 'unclaimed', id: again, image, repaired: true }])
  expect(imagesIn(world).map(({ id }) => id)).toEqual([registration.id])
  expect(objectsIn(world)).toEqual(before)
})

it('removes the image that an ended drop has left with its bundle, at once', async () => {
  const { claim, registration } = await publish()
  const ended = { ...claim, state: 'ended' as const }
  expect(await run([ended], true)).toMatchObject([{ kind: 'left', id: registration.id, repaired: true }])
  expect([imagesIn(bench.emulator.world), objectsIn(bench.emulator.world)]).toEqual([[], []])
})

it('leaves the bundle of an image that somebody has deregistered, from which it may be registered again', async () => {
  const { claim, registration } = await publish()
  const { world } = bench.emulator
  for (const one of imagesIn(world)) await world.images.save({ ...one, state: 'gone' })
  const before = objectsIn(world)
  expect(await run([claim], true)).toMatchObject([{ kind: 'gone', id: registration.id, repaired: false }])
  expect(objectsIn(world)).toEqual(before)
})

it('does not open what the cloud is set to keep private', async () => {
  const { claim } = await publish()
  const { world } = bench.emulator
  for (const one of imagesIn(world)) await world.images.save({ ...one, isPublic: false })
  const kept = await bench.publisher({ env: { IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS: 'one=private' } })
  expect(await run([claim], true, kept)).toEqual([])
  expect(imagesIn(world)).toMatchObject([{ isPublic: false }])
})

it('looks at the cloud of an eucarc as the command line does, and not there for what was in an emulator before', async () => {
  const { claim } = await publish()
  const there = claim.registrations.map((one) => ({ ...one, place: 'eucarc', emulated: true }))
  const gone = there.map((one) => ({ ...one, id: 'emi-00000000' }))
  const drops = [claimOf(drop, there), claimOf('nightly-of-before', gone)]
  const settings = { ...standIn.settings(bench.emulator.url), IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS: 'eucarc' }
  const asked = { drops, repair: false, signal: AbortSignal.timeout(60_000) }
  const emulated = await audit.run({ ...asked, env: settings })
  expect(emulated.places).toEqual([{ place: 'eucarc', looked: 2 }])
  expect(emulated.findings).toMatchObject([{ kind: 'gone', id: 'emi-00000000', drop: 'nightly-of-before' }])
  const real = await audit.run({ ...asked, env: { ...settings, IMAGEDROP_EUCALYPTUS_PUBLISHER_EMULATED: 'false' } })
  expect(real.findings).toEqual([])
  const moved = await audit.run({ ...asked, env: { ...settings, IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS: '' } })
  expect(moved.findings).toMatchObject([{ kind: 'unseen', place: 'eucarc' }])
})

it('says which cloud cannot be looked at, and looks at the others', async () => {
  const { claim, registration } = await publish()
  const { world } = bench.emulator
  for (const one of imagesIn(world)) await world.images.save({ ...one, isPublic: false })
  const both = await bench.publisher({ env: { IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS: 'two, one' } })
  expect(await run([claim], false, both)).toMatchObject([
    { kind: 'unseen', place: 'two', what: expect.stringMatching(/no section \[region two\]/) as string },
    { kind: 'private', place: 'one', id: registration.id },
  ])
})
