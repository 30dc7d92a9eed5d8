import { ParameterNotFound, SSM } from '@aws-sdk/client-ssm'
import { expect, it } from 'vitest'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageTested } from '#events/image-tested.ts'
import type { ComposeRef, Registration } from '#events/vocabulary.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { emulatorAccount } from '../emulator/credentials.ts'
import type { SeenCall } from '../emulator/faults.ts'
import type { EmulatorOptions } from '../emulator/start.ts'
import { handle, handleOnce, inventory, keepDisk, registrationsIn, setUp, woken, type Bench } from '../testing/bench.ts'

const regions = ['us-east-1', 'eu-central-1']
const Name = '/imagedrop/fedora/19/weekly/ec2/x86_64/latest'
const env = {
  IMAGEDROP_EC2_PUBLISHER_REGIONS: regions.join(','),
  IMAGEDROP_EC2_PUBLISHER_PARAMETERS: '/imagedrop',
}

const impatient = { IMAGEDROP_EC2_PUBLISHER_PATIENCE_SECONDS: '2' }

const setUpNamed = (options: Partial<EmulatorOptions> = {}) => setUp(options, env)

function connect({ emulator }: Bench, region = regions[0] ?? ''): SSM {
  return new SSM({ region, endpoint: emulator.url, credentials: emulatorAccount, maxAttempts: 1 })
}

/** What the parameter names in each region; null where there is none. */
async function named(bench: Bench): Promise<(string | null)[]> {
  return await Promise.all(
    regions.map(async (region) => {
      try {
        return (await connect(bench, region).getParameter({ Name })).Parameter?.Value ?? null
      } catch (error) {
        if (error instanceof ParameterNotFound) return null
        throw error
      }
    }),
  )
}

/** The weekly drop of a compose, uploaded. */
async function upload(bench: Bench, date: string) {
  const compose: ComposeRef = { ...imageTested.example.compose, date, id: `Fedora-19-${date}.n.0`, type: 'nightly' }
  const drop = `weekly-${compose.id}`
  const disk = await keepDisk(bench.artifacts)
  const body = { ...imageTested.example, drop, compose, disk }
  const registrations = registrationsIn(await handle(bench, seal(say(imageTested, body), { now: new Date(0) })))
  const images = dropSuperseded.example.images.map((one) => ({ ...one, registrations }))
  const about = { drop, compose, kind: 'weekly', milestone: null, images } as const
  return {
    registrations,
    ids: registrations.map(({ id }) => id),
    blessed: seal(say(dropBlessed, { ...dropBlessed.example, ...about }), { now: new Date(0) }),
    withdrawn: seal(say(dropSuperseded, { ...dropSuperseded.example, ...about }), { now: new Date(0) }),
  }
}

async function publish(bench: Bench, date: string) {
  const drop = await upload(bench, date)
  await handle(bench, drop.blessed)
  return drop
}

it('names an image in every region once it is public everywhere, never before, and the next after it', async () => {
  const early: string[] = []
  await using bench: Bench = await setUpNamed({
    async faults({ operation }) {
      if (operation !== 'PutParameter') return null
      const all = await Promise.all(regions.map((region) => inventory({ region: bench.connect(region) })))
      early.push(
        ...all.flatMap(({ images }) => images.flatMap((one) => (one.Public === true ? [] : [String(one.Name)]))),
      )
      return null
    },
  })
  const first = await upload(bench, '20130614')
  expect(await named(bench)).toEqual([null, null])
  await handle(bench, first.blessed)
  expect(await named(bench)).toEqual(first.ids)
  expect((await publish(bench, '20130621')).ids).toEqual(await named(bench))
  expect(early).toEqual([])
  const { Parameter: found } = await connect(bench).getParameter({ Name })
  expect(found).toMatchObject({ DataType: 'aws:ec2:image', Version: 2 })
})

it('names nothing unless the settings say where', async () => {
  await using bench = await setUp({}, { ...env, IMAGEDROP_EC2_PUBLISHER_PARAMETERS: undefined as never })
  await publish(bench, '20130614')
  expect(await named(bench)).toEqual([null, null])
})

it('leaves a newer image named when an older drop comes late, and when an event comes again', async () => {
  await using bench = await setUpNamed()
  const older = await upload(bench, '20130614')
  const newer = await publish(bench, '20130621')
  await handle(bench, older.blessed)
  await handle(bench, newer.blessed)
  expect(await named(bench)).toEqual(newer.ids)
  expect((await connect(bench).getParameter({ Name })).Parameter?.Version).toBe(1)
})

it('leaves what a person has chosen, be it an image of before or one of their own', async () => {
  await using bench = await setUpNamed()
  const older = await publish(bench, '20130614')
  const newer = await publish(bench, '20130621')
  const choose = async (Value: string) => {
    await connect(bench).putParameter({ Name, Value, DataType: 'aws:ec2:image', Overwrite: true })
    await expect.poll(async () => (await named(bench))[0]).toBe(Value)
  }
  await choose(older.ids[0] ?? '')
  await handle(bench, newer.blessed)
  expect((await named(bench))[0]).toBe(older.ids[0])
  const own = await registerOwn(bench, newer.registrations[0])
  await choose(own)
  const next = await publish(bench, '20130628')
  expect(await named(bench)).toEqual([own, next.ids[1]])
})

async function registerOwn(bench: Bench, of: Registration | undefined): Promise<string> {
  const mapping = { DeviceName: '/dev/xvda', Ebs: { SnapshotId: of?.details['snapshot'] } }
  const own = { Name: 'my own', RootDeviceName: '/dev/xvda', BlockDeviceMappings: [mapping] }
  const { ImageId: id = '' } = await bench.region.ec2.registerImage(own)
  await expect.poll(async () => (await inventory(bench)).images.map((one) => one.ImageId)).toContain(id)
  return id
}

it('names the drop before when one is withdrawn, passes over those that are gone, and ends without one', async () => {
  await using bench = await setUpNamed()
  const drops = [await publish(bench, '20130614'), await publish(bench, '20130621'), await publish(bench, '20130628')]
  const [first, second, third] = drops
  await handle(bench, second?.withdrawn as never)
  expect(await named(bench)).toEqual(third?.ids)
  await handle(bench, third?.withdrawn as never)
  expect(await named(bench)).toEqual(first?.ids)
  await handle(bench, third?.withdrawn as never)
  await handle(bench, first?.withdrawn as never)
  expect(await named(bench)).toEqual([null, null])
  await handle(bench, first?.withdrawn as never)
  const next = await publish(bench, '20130705')
  expect(await named(bench)).toEqual(next.ids)
})

it('names no image of a withdrawn drop, also while that stays public and deprecated for some days', async () => {
  await using direct = await setUpNamed()
  const bench = { ...direct, retention: { keepDays: 7, hiddenDays: 7, launchedDays: 0 } }
  const first = await publish(bench, '20130614')
  const second = await publish(bench, '20130621')
  await handleOnce(bench, first.withdrawn)
  await handleOnce(bench, second.withdrawn)
  expect(await named(bench)).toEqual([null, null])
  expect((await inventory(bench)).images).toHaveLength(2)
})

it.each(['PutParameter', 'DeleteParameter'])(
  'ends the same when it is killed before %s is answered',
  async (operation) => {
    await using bench = await setUpNamed()
    const first = await publish(bench, '20130614')
    const second = await upload(bench, '20130621')
    const kill = async (event: Parameters<typeof handle>[1]) => {
      const abort = new AbortController()
      await bench.restart({
        faults(call) {
          if (call.operation !== operation) return abort.signal.aborted ? 'lost' : null
          abort.abort(new Error('killed'))
          return 'unheard'
        },
      })
      await handle(bench, event, { signal: abort.signal }).catch(() => {})
      await bench.restart({ faults: () => null })
    }
    await kill(second.blessed)
    await handle(bench, second.blessed)
    expect(await named(bench)).toEqual(second.ids)
    await kill(second.withdrawn)
    await handle(bench, second.withdrawn)
    expect(await named(bench)).toEqual(first.ids)
    await kill(first.withdrawn)
    await handle(bench, first.withdrawn)
    expect(await named(bench)).toEqual([null, null])
  },
)

it('does not say that an image is public which somebody removed while it was named', async () => {
  let isNamed = false
  let there: readonly Registration[] = []
  await using bench: Bench = await setUpNamed({
    async faults({ operation, region }) {
      isNamed ||= operation === 'PutParameter'
      const gone = there.find(({ place }) => place === region)
      if (!isNamed || gone === undefined || operation !== 'DescribeImages') return null
      there = []
      await bench.connect(region).ec2.deregisterImage({ ImageId: gone.id })
      return null
    },
  })
  const drop = await upload(bench, '20130614')
  await bench.restart({}, impatient)
  there = drop.registrations
  await expect(handle(bench, drop.blessed)).rejects.toThrow(/still public: not so within/)
})

it('makes nothing public when a parameter of that name is not ours, and leaves that alone', async () => {
  await using bench = await setUpNamed()
  const drop = await upload(bench, '20130614')
  await connect(bench).putParameter({ Name, Value: 'theirs', Type: 'String' })
  const job = handle(bench, drop.blessed)
  await expect(job).rejects.toThrow(
    /the parameter \/imagedrop\/fedora\/19\/weekly\/ec2\/x86_64\/latest in us-east-1 was not made by imagedrop/,
  )
  await expect(job).rejects.toThrow(PermanentError)
  expect((await inventory(bench)).images).toMatchObject([{ Public: false }])
  await handle(bench, drop.withdrawn)
  expect(await named(bench)).toEqual(['theirs', null])
})

it('asks to be tried again when a region does not take the name', async () => {
  await using bench = await setUpNamed()
  const drop = await upload(bench, '20130614')
  const isBroken = ({ operation, region }: Pick<SeenCall, 'operation' | 'region'>) =>
    operation === 'PutParameter' && region === regions[1]
  await bench.restart({ faults: (call) => (isBroken(call) ? 'broken' : null) }, impatient)
  const job = handle(bench, drop.blessed)
  await expect(job).rejects.toThrow(TransientError)
  await expect(job).rejects.toThrow(/naming the newest in eu-central-1: Internal/)
  await bench.restart({ faults: () => null })
  await handle(bench, drop.blessed)
  expect(await named(bench)).toEqual(drop.ids)
})

it('asks to be tried again while AWS has not found the image to be one', async () => {
  await using bench = await setUpNamed({ delays: { validation: 600_000 } })
  const drop = await upload(bench, '20130614')
  await bench.restart({}, impatient)
  await expect(handle(bench, drop.blessed)).rejects.toThrow(/latest in us-east-1 naming ami-\w+: not so within 2 s/)
  expect(await named(bench)).toEqual([null, null])
})

it('names the newest later in a region that no drop waits for, and says the image to be public there meanwhile', async () => {
  const best = {
    IMAGEDROP_EC2_PUBLISHER_REGIONS: regions[0] ?? '',
    IMAGEDROP_EC2_PUBLISHER_BEST_EFFORT_REGIONS: regions[1] ?? '',
  }
  await using bench = await setUp({}, { ...env, ...best })
  const drop = await upload(bench, '20130614')
  const isBroken = ({ operation, region }: Pick<SeenCall, 'operation' | 'region'>) =>
    operation === 'PutParameter' && region === regions[1]
  const briefly = { IMAGEDROP_EC2_PUBLISHER_BEST_EFFORT_PATIENCE_SECONDS: '2' }
  await bench.restart({ faults: (call) => (isBroken(call) ? 'broken' : null) }, briefly)
  const said = await handleOnce(bench, drop.blessed)
  expect([...said.events][0]?.body).toMatchObject({ registrations: drop.registrations })
  expect(await named(bench)).toEqual([drop.ids[0], null])
  expect(said.wait?.reason).toMatch(/not named as the newest/)
  await bench.restart({ faults: () => null })
  expect([...(await handleOnce(bench, drop.blessed, woken(said))).events]).toEqual([])
  expect(await named(bench)).toEqual(drop.ids)
})
