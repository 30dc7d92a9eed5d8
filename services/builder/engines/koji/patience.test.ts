import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hour, minute } from './limits.ts'
import { nextLook } from './patience.ts'
import { benchLimits, openBench, type Bench } from './testing/bench.ts'
import { failureOf } from './testing/outcomes.ts'

let bench: Bench
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench[Symbol.asyncDispose]())

describe('thousands that wait', () => {
  it('ask one small question each time they look, and do not all look at the same moment', async () => {
    const plan = await bench.plan()
    const wait = await bench.step(plan)
    const before = bench.hub.heard.length
    await bench.step(plan, wait)
    expect(bench.hub.heard.slice(before).map(({ name }) => name)).toEqual(['getTaskInfo'])

    // Ten thousand that begin to wait at once, for an hour.
    const looks = Array.from({ length: 60 }, () => 0)
    for (let task = 1; task <= 10_000; task++) {
      const end = bench.now().getTime() + hour
      for (let at = nextLook(task, bench.now(), benchLimits.poll); at.getTime() < end;) {
        const index = Math.floor((at.getTime() - bench.now().getTime()) / minute)
        looks[index] = (looks[index] ?? 0) + 1
        at = nextLook(task, at, benchLimits.poll)
      }
    }
    expect(Math.max(...looks)).toBeLessThan(4_100)
    expect(looks.reduce((sum, one) => sum + one, 0)).toBeLessThan(10_000 * 12.5)
  })

  it('are ordered without reading all that was ordered before again and again', async () => {
    const { world } = bench.hub
    const plan = await bench.plan()
    await bench.step(plan)
    // Nine hundred of ours, for other images.
    const first = world.tasks.get(1)
    if (!first) throw new Error('nothing was ordered')
    for (let id = 1001; id < 1901; id++) world.tasks.set(id, { ...first, id, request: [`image ${String(id)}`] })
    world.last.task = 2000
    const questions = async (flavour: string) => {
      const before = bench.hub.heard.length
      bench.pass(hour)
      await bench.step(await bench.plan({ image: { flavour } }))
      return bench.hub.heard.slice(before).filter(({ name }) => name === 'listTasks').length
    }
    expect(await questions('ec2')).toBe(2 * 5)
    bench.pass(hour)
    expect(await questions('generic')).toBe(1)
  })
})

describe('patience', () => {
  it('gives a task up that no builder takes, with what the builders said, and cancels it', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    bench.hub.builder.assign(1)
    bench.hub.builder.refuse(1)
    const second = await bench.step(plan, first)
    bench.pass(13 * 60 * 60_000)
    expect(await failureOf(bench.step(plan, second))).toMatchObject({
      class: 'capacity',
      reason: /12 h: ImageFactory functions not available/,
    })
    expect(bench.hub.world.tasks.get(1)?.state).toBe(3)
  })

  it('gives a task up whose builder writes no more, and not one that writes', async () => {
    const plan = await bench.plan()
    let step = await bench.step(plan)
    const [x86 = 0] = bench.hub.builder.start(1)
    bench.hub.builder.begin(x86)
    for (let round = 0; round < 3; round++) {
      bench.hub.builder.append(x86, 'oz-x86_64.log', 'still here\n')
      step = await bench.step(plan, step)
      bench.pass(60 * 60_000)
    }
    bench.pass(60 * 60_000)
    expect(await failureOf(bench.step(plan, step))).toMatchObject({
      class: 'stuck',
      reason: /has not gone on for 1.5 h/,
    })
    expect(bench.hub.world.tasks.get(x86)?.state).toBe(3)
  })
})
