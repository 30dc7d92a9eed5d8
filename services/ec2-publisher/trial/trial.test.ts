import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { exampleBoot } from '#events/examples.ts'
import { failureClassOf } from '#service/failure.ts'
import { testContext } from '#test/support/context.ts'
import { tagValue } from '../aws/tags.ts'
import { nobody, type StartGuest } from '../emulator/guests.ts'
import type { EmulatorOptions } from '../emulator/start.ts'
import { ec2Publisher } from '../service.ts'
import { handleOnce, inventory, keepDisk, setUp, superseded, tested, woken, type Bench } from '../testing/bench.ts'
import { tellingGuest } from '../testing/telling-guest.ts'

const machines = 'x86_64/legacy-bios=t2.micro|t2.small, x86_64/uefi=t3.micro, aarch64/uefi=t4g.micro'

async function setUpTrials(options: Partial<EmulatorOptions> = {}, env: Record<string, string> = {}) {
  const bench = await setUp(
    { startGuest: (instance) => tellingGuest(instance), ...options },
    { IMAGEDROP_EC2_PUBLISHER_TRIALS: machines, ...env },
  )
  return Object.assign(bench, { trials: true })
}

async function instancesOf(bench: Bench) {
  const { Reservations: all = [] } = await bench.region.ec2.describeInstances({})
  return all.flatMap(({ Instances: instances = [] }) => instances)
}

/** Wakes the job until it waits no more. */
async function follow(bench: Bench, event: Parameters<typeof handleOnce>[1], signal = AbortSignal.timeout(60_000)) {
  const waits: string[] = []
  for (
    let said = await handleOnce(bench, event, { signal });
    ;
    said = await handleOnce(bench, event, { ...woken(said), signal })
  ) {
    if (said.wait === undefined) return { events: [...said.events], waits }
    waits.push(said.wait.reason)
    // What the emulator needs to start an instance, or to see it.
    await sleep(30)
  }
}

/** Tested by both firmwares, so that it is registered for both. */
async function testedByBoth(bench: Bench) {
  const event = tested(await keepDisk(bench.artifacts))
  const boots = [
    { ...exampleBoot, firmware: 'bios' as const },
    { ...exampleBoot, firmware: 'uefi' as const },
  ]
  return { ...event, body: { ...event.body, boots } }
}

it('starts a private image on each machine that it is meant for, and says only then that it is there', async () => {
  const seen: string[] = []
  await using bench = await setUpTrials({
    startGuest: (instance) => {
      seen.push(`${instance.type} by ${instance.bootMode}`)
      return tellingGuest(instance)
    },
  })
  const event = await testedByBoth(bench)
  const { events, waits } = await follow(bench, event)
  expect(events).toMatchObject([{ subject: 'image.uploaded.v1' }])
  expect(seen.toSorted()).toEqual(['t2.micro by legacy-bios', 't3.micro by uefi'])
  expect(waits[0]).toMatch(/^the trial of the image: legacy-bios in us-east-1; uefi in us-east-1$/)
  const { images } = await inventory(bench)
  expect(images).toMatchObject([{ Public: false }])
  expect(images[0]?.Tags).toContainEqual({ Key: 'imagedrop:tried', Value: 'legacy-bios uefi' })
  const instances = await instancesOf(bench)
  expect(instances.map((one) => one.State?.Name)).not.toContain('running')
  // Delivered again, nothing is started again.
  expect((await follow(bench, event)).waits).toEqual([])
  expect(seen).toHaveLength(2)
})

it('has instances end themselves with their guest, reached by metadata with tokens only, and marked as of the drop', async () => {
  let userData = ''
  const startGuest: StartGuest = (instance) => {
    userData = Buffer.from(instance.userData, 'base64').toString('utf8')
    return nobody
  }
  await using bench = await setUpTrials({ startGuest })
  const event = tested(await keepDisk(bench.artifacts))
  const said = await handleOnce(bench, event)
  await sleep(30)
  const [instance] = await instancesOf(bench)
  expect(instance).toMatchObject({ InstanceType: 't2.micro', State: { Name: 'running' } })
  await handleOnce(bench, event, woken(said))
  // In the middle of a boot, systemd starts nothing that waits for the boot to be over.
  expect(userData).toMatch(/systemd-run --timer-property=DefaultDependencies=no .*--on-active=15min systemctl poweroff/)
  const tags = Object.fromEntries((instance?.Tags ?? []).map(({ Key: key = '', Value: value }) => [key, value]))
  expect(tags).toMatchObject({ 'imagedrop:drop': event.body.drop, 'imagedrop:trial-minutes': '15' })
})

it.each<[string, StartGuest, RegExp]>([
  [
    'a guest that gives up',
    () => ({ ...nobody, console: () => 'Linux version 6.1\nKernel panic - not syncing: VFS: no root' }),
    /gave up: Kernel panic - not syncing: VFS: no root/,
  ],
  [
    'a guest that was told by another cloud',
    (instance) => tellingGuest(instance, { datasource: 'DataSourceNone' }),
    /cloud-init was not told by EC2: it told "DataSourceNone"/,
  ],
  [
    'a guest that has another id',
    (instance) => tellingGuest(instance, { 'instance-id': 'i-1' }),
    /does not know the instance by its id: it told "i-1"/,
  ],
  [
    'a password',
    (instance) => tellingGuest(instance, { password: '$' }),
    /the default user can log in by a password, or without one: it told "\$"/,
  ],
  [
    'a guest that powers itself off',
    () => ({ ...nobody, console: () => 'Power down', isOff: () => true }),
    /has ended \(Client.InstanceInitiatedShutdown: .*\) and not told all; its last words are "Power down"/,
  ],
])('fails an image by %s, ends its instance, and tries it anew when told to', async (_, startGuest, why) => {
  let guest = startGuest
  await using bench = await setUpTrials({ startGuest: (...given) => guest(...given) })
  const event = tested(await keepDisk(bench.artifacts))
  const job = follow(bench, event)
  await expect(job).rejects.toThrow(why)
  expect(failureClassOf(await job.catch((error: unknown) => error))).toBe('verdict')
  expect((await instancesOf(bench)).map((one) => one.State?.Name)).not.toContain('running')
  guest = (instance) => tellingGuest(instance)
  expect((await follow(bench, event)).events).toMatchObject([{ subject: 'image.uploaded.v1' }])
})

it('fails an image that says nothing within the minutes of the policy', async () => {
  let ago = 14 * 60_000
  await using bench = await setUpTrials(
    { startGuest: () => nobody, now: () => new Date(Date.now() - ago) },
    { IMAGEDROP_EC2_PUBLISHER_TRIAL_MINUTES: '10' },
  )
  const event = tested(await keepDisk(bench.artifacts))
  const said = await handleOnce(bench, event)
  const states = async () => (await instancesOf(bench)).map((one) => one.State?.Name)
  await expect.poll(states).toEqual(['running'])
  ago = 0
  const job = handleOnce(bench, event, woken(said))
  await expect(job).rejects.toThrow(/it was not done within 10 minutes; its console is empty/)
  expect(await states()).not.toContain('running')
})

it.each([3, 14])("takes nothing for old by our clock when the cloud's is %i minutes behind", async (minutes) => {
  const started: string[] = []
  await using bench = await setUpTrials(
    {
      // Not even a slow machine sees a snapshot before it is asked for its blocks.
      delays: { visibility: 200 },
      now: () => new Date(Date.now() - minutes * 60_000),
      faults({ operation }) {
        if (operation === 'StartSnapshot') started.push(operation)
        return null
      },
    },
    { IMAGEDROP_EC2_PUBLISHER_TRIAL_MINUTES: '10' },
  )
  const { events } = await follow(bench, tested(await keepDisk(bench.artifacts)))
  expect(events).toMatchObject([{ subject: 'image.uploaded.v1' }])
  expect(started).toHaveLength(1)
})

it('starts another instance when one was lost, which says nothing about the image', async () => {
  let guest: StartGuest = () => nobody
  await using bench = await setUpTrials({ startGuest: (...given) => guest(...given) })
  const event = tested(await keepDisk(bench.artifacts))
  const said = await handleOnce(bench, event)
  await sleep(30)
  const [first] = await instancesOf(bench)
  await bench.region.ec2.terminateInstances({ InstanceIds: [first?.InstanceId ?? ''] })
  await sleep(50)
  guest = (instance) => tellingGuest(instance)
  const again = await handleOnce(bench, event, woken(said))
  expect(again.wait?.reason).toMatch(
    /another instance for i-\w+ in us-east-1, which was lost: .*User initiated shutdown/,
  )
  expect((await follow(bench, event)).events).toMatchObject([{ subject: 'image.uploaded.v1' }])
  expect(await instancesOf(bench)).toHaveLength(2)
})

it('takes the next type where there is no machine of the first, and waits where there is none of any', async () => {
  const lacking = new Set(['t2.micro'])
  await using bench = await setUpTrials({ hasCapacity: (type) => !lacking.has(type) })
  const event = tested(await keepDisk(bench.artifacts))
  lacking.add('t2.small')
  const said = await handleOnce(bench, event)
  expect(said.wait?.reason).toBe('the trial of the image: a machine (t2.micro, t2.small) in us-east-1')
  lacking.delete('t2.small')
  await handleOnce(bench, event, woken(said))
  await sleep(30)
  expect(await instancesOf(bench)).toMatchObject([{ InstanceType: 't2.small' }])
  const late = { ...woken(said), now: () => new Date(Date.now() + 7 * 3_600_000) }
  lacking.add('t2.small')
  const other = tested(await keepDisk(bench.artifacts), { flavour: 'ec2-minimal' })
  await expect(handleOnce(bench, other, late)).rejects.toThrow(/could not be tried: a machine/)
})

it('starts no more instances at a time than the policy says', async () => {
  await using bench = await setUpTrials({ startGuest: () => nobody }, { IMAGEDROP_EC2_PUBLISHER_TRIAL_INSTANCES: '1' })
  const event = await testedByBoth(bench)
  const said = await handleOnce(bench, event)
  expect(said.wait?.reason).toMatch(/legacy-bios in us-east-1; 1 instances of trials run in us-east-1 already/)
  await sleep(30)
  expect(await instancesOf(bench)).toHaveLength(1)
})

it.each(['RunInstances', 'CreateTags', 'TerminateInstances'])(
  'starts one instance in all, and ends it, when it is killed before %s is answered',
  async (operation) => {
    await using bench = await setUpTrials()
    const event = tested(await keepDisk(bench.artifacts))
    const abort = new AbortController()
    let tags = 0
    await bench.restart({
      faults(call) {
        if (abort.signal.aborted) return 'lost'
        // First the image is tagged, and then its instance.
        if (call.isDryRun || call.operation !== operation || (operation === 'CreateTags' && ++tags < 2)) return null
        abort.abort(new Error('killed'))
        return 'unheard'
      },
    })
    await expect(follow(bench, event, abort.signal)).rejects.toThrow('killed')
    await bench.restart({ faults: () => null })
    expect((await follow(bench, event)).events).toMatchObject([{ subject: 'image.uploaded.v1' }])
    expect((await instancesOf(bench)).map((one) => one.State?.Name)).toEqual([
      expect.stringMatching(/shutting-down|terminated/),
    ])
  },
)

it('ends the instance of an AMI that somebody removed meanwhile, and tries the next', async () => {
  let guest: StartGuest = () => nobody
  await using bench = await setUpTrials({ startGuest: (...given) => guest(...given) })
  const event = tested(await keepDisk(bench.artifacts))
  await handleOnce(bench, event)
  await sleep(30)
  const [{ ImageId: id } = {}] = (await inventory(bench)).images
  await bench.region.ec2.deregisterImage({ ImageId: id })
  await expect.poll(() => inventory(bench)).toMatchObject({ images: [] })
  guest = (instance) => tellingGuest(instance)
  const { events } = await follow(bench, event)
  expect(events).toMatchObject([{ subject: 'image.uploaded.v1' }])
  const instances = await instancesOf(bench)
  expect(instances.map((one) => one.ImageId)).toContain(id)
  expect(instances).toHaveLength(2)
  expect(instances.map((one) => one.State?.Name)).not.toContain('running')
})

it('ends what somebody who was killed has left running for too long, and nothing that is not ours', async () => {
  await using bench = await setUpTrials({ startGuest: () => nobody })
  await handleOnce(bench, tested(await keepDisk(bench.artifacts)))
  await sleep(30)
  const [left] = await instancesOf(bench)
  const own = { ImageId: left?.ImageId, InstanceType: 't2.nano', MinCount: 1, MaxCount: 1 } as const
  await bench.region.ec2.runInstances(own)
  // As if it had been begun long ago.
  const long = [{ Key: 'imagedrop:trial-minutes', Value: '-60' }]
  await bench.region.ec2.createTags({ Resources: [left?.InstanceId ?? ''], Tags: long })
  await handleOnce(bench, tested(await keepDisk(bench.artifacts), { flavour: 'ec2-minimal' }))
  await sleep(30)
  const alive = (await instancesOf(bench)).filter((one) => one.State?.Name === 'running')
  expect(new Set(alive.map((one) => one.InstanceType))).toEqual(new Set(['t2.micro', 't2.nano']))
  expect(alive.map((one) => one.InstanceId)).not.toContain(left?.InstanceId)
})

it('ends the trials of an image when its drop is cancelled, and of all images of one that is withdrawn', async () => {
  await using bench = await setUpTrials({ startGuest: () => nobody })
  const event = tested(await keepDisk(bench.artifacts))
  const other = tested(await keepDisk(bench.artifacts), { flavour: 'ec2-minimal' })
  const next = tested(await keepDisk(bench.artifacts), {}, 'weekly-Fedora-19-20130621.n.0')
  for (const one of [event, other, next]) await handleOnce(bench, one)
  await sleep(30)
  const alive = async () =>
    (await instancesOf(bench))
      .filter((one) => one.State?.Name === 'running')
      .map(({ Tags: tags }) => [tagValue(tags, 'imagedrop:drop'), tagValue(tags, 'imagedrop:image')].join(' '))
  expect(await alive()).toHaveLength(3)
  await ec2Publisher.abandon?.(event, bench, testContext({ folder: bench.folder }))
  const [ofOther, ofNext] = [`${event.body.drop} ec2-minimal.x86_64`, `${next.body.drop} ec2.x86_64`]
  expect(new Set(await alive())).toEqual(new Set([ofOther, ofNext]))
  await handleOnce(bench, superseded([], event.body.drop))
  expect(await alive()).toEqual([ofNext])
})

it('tries nothing unless the settings name machines', async () => {
  await using bench = await setUp()
  expect(bench.settings.trials).toEqual([])
  await handleOnce(bench, tested(await keepDisk(bench.artifacts)))
  expect(await instancesOf(bench)).toEqual([])
})
