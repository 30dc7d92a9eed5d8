import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectBuilt, openBench, type Bench, type Step } from './testing/bench.ts'
import { failureOf, waitOf } from './testing/outcomes.ts'

let bench: Bench
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench[Symbol.asyncDispose]())

describe('a task that fails', () => {
  it('fails the image with the reason of its own child and the log', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    const [x86 = 0] = bench.hub.builder.start(1)
    bench.hub.builder.begin(x86)
    bench.hub.builder.append(x86, 'oz-x86_64.log', 'No disk activity\n')
    bench.hub.builder.fail(x86, 1018, 'Automated install failed or prompted for input. See the screenshot')
    bench.hub.builder.complete(1)
    expect(await failureOf(bench.step(plan, first))).toEqual({
      class: 'recipe',
      reason:
        'createImage 2 of Koji failed: ApplianceError: Automated install failed or prompted for input. See the screenshot',
    })
    expect(await readFile(bench.logFile, 'utf8')).toContain('No disk activity')
  })

  it('fails only the image whose architecture may fail, though the task has closed', async () => {
    const generic = await bench.plan()
    const arm = await bench.plan({ image: { architecture: 'aarch64' } })
    const first = await bench.step(generic)
    const [x86 = 0, aarch64 = 0] = bench.hub.builder.start(1)
    bench.hub.builder.make(x86, { image: bench.imageFor })
    bench.hub.builder.begin(aarch64)
    bench.hub.builder.fail(aarch64, 1, "<class 'OSError'>: [Errno 28] No space left on device")
    bench.hub.builder.complete(1)
    await expectBuilt(bench, generic, await bench.step(generic, first))
    expect(await failureOf(bench.step(arm, first))).toMatchObject({ class: 'capacity', reason: /No space left/ })
  })

  it('is not collected from a child that has files but did not close', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    const [x86 = 0, aarch64 = 0] = bench.hub.builder.start(1)
    bench.hub.builder.upload(x86, { image: bench.imageFor })
    bench.hub.builder.cancel(x86)
    bench.hub.builder.make(aarch64, { image: bench.imageFor })
    bench.hub.builder.complete(1)
    expect(await failureOf(bench.step(plan, first))).toMatchObject({ class: 'cancelled', reason: /was cancelled/ })
  })

  it('and was cancelled at the hub is told as such', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    bench.hub.builder.cancel(1)
    expect(await failureOf(bench.step(plan, first))).toEqual({
      class: 'cancelled',
      reason: 'image 1 of Koji was cancelled at the hub',
    })
  })

  it('of its mirror is ordered again, three times at most', async () => {
    const plan = await bench.plan()
    let step: Step | null = null
    for (const task of [1, 4]) {
      step = await bench.step(plan, step)
      expect(waitOf(step).state.task).toBe(task)
      const [x86 = 0] = bench.hub.builder.start(task)
      bench.hub.builder.begin(x86)
      bench.hub.builder.fail(x86, 1012, 'Curl error (28): Timeout was reached for https://mirror')
      bench.hub.builder.complete(task)
      step = await bench.step(plan, step)
      expect(waitOf(step)).toMatchObject({ for: null, reason: 'a better time', state: { task: null } })
    }
    step = await bench.step(plan, step)
    bench.hub.builder.start(7)
    bench.hub.builder.begin(8)
    bench.hub.builder.fail(8, 1012, 'Curl error (28): Timeout was reached for https://mirror')
    bench.hub.builder.complete(7)
    expect(await failureOf(bench.step(plan, step))).toMatchObject({
      class: 'environment',
      reason: /3 tasks of Koji failed/,
    })
  })
})
