import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBench, type Bench } from './testing/bench.ts'
import { failureOf, waitOf } from './testing/outcomes.ts'

let bench: Bench
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench[Symbol.asyncDispose]())

describe('what somebody else did meanwhile', () => {
  it('takes up its task in another process that knows nothing of it', async () => {
    const plan = await bench.plan()
    await bench.step(plan)
    const step = await bench.step(plan)
    expect(waitOf(step).state.task).toBe(1)
    expect(bench.hub.world.tasks.size).toBe(1)
  })

  it('orders once when the reply to the order is lost, and when the process is killed before it comes', async () => {
    const plan = await bench.plan()
    bench.hub.disturbances.plan({ what: 'reply lost' }, 'buildImageOz')
    expect(waitOf(await bench.step(plan)).state.task).toBe(1)
    expect(bench.hub.heard.filter(({ name }) => name === 'buildImageOz')).toHaveLength(1)
    const ec2 = await bench.plan({ image: { flavour: 'ec2' } })
    bench.hub.disturbances.plan({ what: 'delay', milliseconds: 300 }, 'buildImageOz')
    const stop = new AbortController()
    const killed = bench.step(ec2, null, stop.signal)
    await expect.poll(() => bench.hub.heard.filter(({ name }) => name === 'buildImageOz').length).toBe(2)
    stop.abort(new Error('killed'))
    await expect(killed).rejects.toThrow('killed')
    await expect.poll(() => bench.hub.world.tasks.size).toBe(2)
    expect(waitOf(await bench.step(ec2)).state.task).toBe(2)
    expect(bench.hub.world.tasks.size).toBe(2)
  })

  it('leaves one task when two processes order the same at the same time', async () => {
    const plan = await bench.plan()
    const other = bench.another()
    bench.hub.disturbances.plan({ what: 'delay', milliseconds: 200 }, 'buildImageOz', 2)
    const steps = await Promise.all([bench.step(plan), other.advance(plan, bench.contextOf())])
    expect(steps.map((step) => waitOf(step).state.task)).toEqual([1, 1])
    expect([...bench.hub.world.tasks.values()].map(({ state }) => state)).toEqual([0, 3])
  })

  it('orders anew where the task that is there failed, was cancelled, or its image has been cleaned away', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    bench.hub.builder.build(1, { image: bench.imageFor })
    bench.hub.collectGarbage(2, 'scratch')
    expect(await failureOf(bench.step(plan, first))).toMatchObject({
      class: 'environment',
      reason: /cleaned away what task 2 made/,
    })
    expect(waitOf(await bench.step(plan)).state.task).toBe(4)
    bench.hub.builder.cancel(4)
    expect(waitOf(await bench.step(plan)).state.task).toBe(5)
  })

  it('cancels its task, whether it knew of it or not, and as often as it is told to', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    bench.hub.builder.start(1)
    bench.hub.disturbances.plan({ what: 'reply lost' }, 'cancelTask')
    await bench.steps.abandon(plan, bench.contextOf(first))
    expect([...bench.hub.world.tasks.values()].map(({ state }) => state)).toEqual([3, 3, 3])
    await bench.steps.abandon(plan, bench.contextOf(first))
    await bench.step(plan)
    await bench.steps.abandon(plan, bench.contextOf())
    expect(bench.hub.world.tasks.get(4)?.state).toBe(3)
  })
})
