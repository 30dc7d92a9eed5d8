import { setTimeout as sleep } from 'node:timers/promises'
import { RetentionPolicy, type JetStreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually, listen, progressOf, requested } from '../bus.contract.ts'
import { NotPublished, type Bus } from '../bus.ts'
import { provideJetstream, type TestJetstream } from './testing/jetstream.ts'

let nats: TestJetstream
let jsm: JetStreamManager
let stream: string

beforeAll(async () => {
  nats = await provideJetstream()
  jsm = nats.jsm
}, 120_000)
beforeEach(() => {
  stream = nats.newStream()
})
afterAll(async () => {
  await nats[Symbol.asyncDispose]()
})

describe('the stream', () => {
  it('gets the subjects that it lacks, and keeps those that only others know', async () => {
    await jsm.streams.add({ name: stream, subjects: [`${stream}.image.requested.v1`, `${stream}.of.others`] })
    await using bus = await open()
    await Promise.all([bus.prepare([builder]), bus.prepare([builder])])
    const { config } = await jsm.streams.info(stream)
    expect(config.subjects).toEqual(
      expect.arrayContaining([`${stream}.of.others`, `${stream}.image.built.v1`, `${stream}.dead.*`]),
    )
    expect(new Set(config.subjects).size).toBe(config.subjects.length)
  })

  it('is not taken when its events vanish as soon as one service has read them', async () => {
    await jsm.streams.add({ name: stream, subjects: [`${stream}.>`], retention: RetentionPolicy.Workqueue })
    await using bus = await open()
    const reason = `the stream ${stream}: expected retention limits, got workqueue`
    await expect(bus.prepare([builder])).rejects.toThrow(reason)
    expect(bus.givenUp.reason).toMatchObject({ message: reason })
    expect(bus.state()).toMatchObject({ connected: false, detail: reason })
  })

  it('is not made when another one has our subjects', async () => {
    await jsm.streams.add({ name: `${stream}-other`, subjects: [`${stream}.image.>`] })
    await using bus = await open()
    await expect(bus.publish([requested()])).rejects.toThrow(/another stream than .* takes in some of/)
    expect(bus.givenUp.aborted).toBe(true)
    await jsm.streams.delete(`${stream}-other`)
  })

  it('stores an event once that is published twice, and takes that for success', async () => {
    await using bus = await open()
    const event = requested()
    await bus.publish([event])
    await bus.publish([event])
    expect((await jsm.streams.info(stream)).state.messages).toBe(1)
  })

  it('is made again for the next event when somebody has deleted it', async () => {
    await using bus = await open()
    await bus.publish([requested()])
    await jsm.streams.delete(stream)
    const event = requested()
    const refusal = await bus.publish([event]).then(
      () => null,
      (error: unknown) => error,
    )
    expect(refusal).toBeInstanceOf(NotPublished)
    expect((refusal as NotPublished).reasons.get(event.id)).toMatch(/^no stream takes in its subject$/)
    await bus.publish([event])
    expect((await jsm.streams.info(stream)).state.messages).toBe(1)
  })

  it('says which event is too large, and takes the others', async () => {
    await using bus = await open()
    const large = requested()
    const body = large.body as { image: { recipe: string } }
    const tooLarge = { ...large, body: { ...body, image: { ...body.image, recipe: 'x'.repeat(2_000_000) } } }
    const small = requested()
    const heard = await listen(bus, 'builder')
    const sent = bus.publish([tooLarge, small])
    await expect(sent).rejects.toThrow(/1 events were not taken.*max_payload/)
    await eventually(() => {
      expect(heard).toEqual([small])
    })
  })
})

describe('progress', () => {
  it('is seen four times a second at most for one job, and in the end as it is', async () => {
    await using bus = await open()
    const seen: string[] = []
    using _watching = bus.watch(({ image, phase }) => seen.push(`${String(image)} ${phase}`))
    await eventually(() => {
      bus.signal(progressOf('ready'))
      expect(seen.length).toBeGreaterThan(0)
    })
    seen.length = 0
    const job = progressOf('job')
    for (let step = 1; step <= 100; step += 1) {
      bus.signal({ ...job, phase: `step ${String(step)}` })
      if (step % 20 === 0) await sleep(50)
    }
    bus.signal(progressOf('another'))
    await eventually(() => {
      expect(seen).toContain('image-job step 100')
      expect(seen).toContain('image-another another')
    })
    expect(seen).toContain('image-job step 1')
    expect(seen.filter((one) => one.startsWith('image-job')).length).toBeLessThanOrEqual(4)
  })
})

const builder = { service: 'builder', subjects: ['image.requested.v1'] }

async function open(): Promise<Bus> {
  return await nats.open(stream)
}
