import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { imageKey } from '#events/vocabulary.ts'
import type { ClaimedDrop } from '#service/audit.ts'
import { audit } from '../audit.ts'
import { standIn } from '../stand-in.ts'
import { blessed, handle, inventory, keepDisk, registrationsIn, setUp, tested, type Bench } from '../testing/bench.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const two = { IMAGEDROP_EC2_PUBLISHER_REGIONS: 'us-east-1, eu-west-1' }

/** A drop that is public in two regions, as the ledger knows it. */
async function publish(bench: Bench): Promise<ClaimedDrop> {
  const event = tested(await keepDisk(bench.artifacts))
  const registrations = registrationsIn(await handle(bench, event))
  await handle(bench, blessed(registrations))
  const claimed = registrations.map((one) => ({ ...one, image: imageKey(event.body.image), isPublic: true }))
  return { drop: event.body.drop, state: 'public', isUnderway: false, registrations: claimed }
}

async function run(bench: Bench, drops: readonly ClaimedDrop[], repair = false) {
  const env = { ...standIn.settings(bench.emulator.url), ...two }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  return (await audit.run({ drops, repair, env, signal: AbortSignal.timeout(30_000) })).findings
}

it('finds nothing where all is as the ledger says', async () => {
  await using bench = await setUp({}, two)
  expect(await run(bench, [await publish(bench)])).toEqual([])
})

it('says in which region an image is not public or not there any more; makes it public, and makes none anew', async () => {
  await using bench = await setUp({}, two)
  const drop = await publish(bench)
  const [here, there] = drop.registrations
  const nobody = { Remove: [{ Group: 'all' as const }] }
  await bench.region.ec2.modifyImageAttribute({ ImageId: here?.id, LaunchPermission: nobody })
  await bench.connect('eu-west-1').ec2.deregisterImage({ ImageId: there?.id, DeleteAssociatedSnapshots: true })
  await sleep(20)
  const findings = [
    { place: 'us-east-1', what: expect.stringMatching(/^ami-\w+ \(Fedora-.*\) is not public$/) as unknown },
    { place: 'eu-west-1', what: expect.stringMatching(/is not there, or not this account's any more/) as unknown },
  ]
  expect(await run(bench, [drop])).toMatchObject(findings.map((one) => ({ ...one, repaired: false })))
  expect((await inventory(bench)).images).toMatchObject([{ Public: false }])
  expect((await run(bench, [drop], true)).map(({ repaired }) => repaired)).toEqual([true, false])
  expect((await inventory(bench)).images).toMatchObject([{ Public: true }])
  expect(await run(bench, [drop])).toHaveLength(1)
})

it('makes no image public that never was, as one that failed in a published drop', async () => {
  await using bench = await setUp()
  const event = tested(await keepDisk(bench.artifacts))
  const [one] = registrationsIn(await handle(bench, event)).map((each) => ({
    ...each,
    image: 'ec2.x86_64',
    isPublic: false,
  }))
  const claim = { drop: event.body.drop, state: 'public' as const, isUnderway: false, registrations: one ? [one] : [] }
  expect(await run(bench, [claim], true)).toEqual([])
  expect((await inventory(bench)).images).toMatchObject([{ ImageId: one?.id, Public: false }])
})

it('removes what a drop that has ended left behind, and not while its withdrawal is underway', async () => {
  await using bench = await setUp({}, two)
  const drop = { ...(await publish(bench)), state: 'ended' as const }
  expect(await run(bench, [{ ...drop, isUnderway: true }], true)).toEqual([])
  const findings = await run(bench, [drop])
  expect(findings.map(({ what }) => what)).toEqual([
    expect.stringContaining('is still there, and'),
    expect.stringContaining('is still there, and'),
  ])
  await run(bench, [drop], true)
  await sleep(20)
  await run(bench, [drop], true)
  expect(await inventory(bench)).toEqual({ images: [], snapshots: [] })
})

it('tells of what another ledger may own, and never touches it, nor what is not tagged', async () => {
  await using bench = await setUp({}, two)
  const drop = await publish(bench)
  const [image] = drop.registrations
  await bench.region.ec2.registerImage({
    Name: 'a person made this',
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: image?.details['snapshot'] } }],
  })
  const findings = await run(bench, [], true)
  expect(findings.map(({ place, repair, what }) => [place, repair, what.replace(/^.* is of/, 'is of')])).toEqual([
    ['us-east-1', null, `is of ${drop.drop}, which this ledger does not know`],
    ['eu-west-1', null, `is of ${drop.drop}, which this ledger does not know`],
  ])
  await sleep(20)
  expect((await inventory(bench)).images).toHaveLength(2)
})

it('says which region could not be looked at, and looks at the others', async () => {
  await using bench = await setUp({}, two)
  const drop = await publish(bench)
  await bench.restart({ faults: ({ region }) => (region === 'eu-west-1' ? 'broken' : null) })
  const env = { ...standIn.settings(bench.emulator.url), ...two, IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '0.1' }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const { places, findings } = await audit.run({
    drops: [drop],
    repair: false,
    env,
    signal: AbortSignal.timeout(30_000),
  })
  expect(places).toEqual([{ place: 'us-east-1', looked: 2 }])
  expect(findings).toMatchObject([
    { kind: 'unseen', place: 'eu-west-1', what: expect.stringContaining('in eu-west-1: InternalError') },
  ])
})

it('looks at nothing without credentials, and says so', async () => {
  const options = { drops: [], repair: false, env: { HOME: '/nowhere' }, signal: AbortSignal.timeout(30_000) }
  await expect(audit.run(options)).rejects.toThrow(/no AWS credentials on this host, so nothing was looked at/)
})
