import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hour } from './limits.ts'
import { expectBuilt, openBench, type Bench } from './testing/bench.ts'
import { descriptions } from './testing/descriptions.ts'
import { failureOf, waitOf } from './testing/outcomes.ts'

let bench: Bench
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench[Symbol.asyncDispose]())

describe('a hub that is away', () => {
  it('is waited for, and in the end given up', async () => {
    const plan = await bench.plan()
    bench.hub.world.options.offline = 'database outage'
    const first = await bench.step(plan)
    expect(waitOf(first)).toMatchObject({ for: null, reason: 'Koji to answer', state: { task: null } })
    bench.hub.world.options.offline = null
    bench.pass(60_000)
    const second = await bench.step(plan, first)
    expect(waitOf(second).state).toMatchObject({ task: 1, away: null })
    bench.hub.world.options.offline = 'server is offline'
    const third = await bench.step(plan, second)
    expect(waitOf(third)).toMatchObject({ for: 'koji:1', reason: 'Koji to answer' })
    bench.pass(7 * 60 * 60_000)
    expect(await failureOf(bench.step(plan, third))).toMatchObject({
      class: 'environment',
      reason: /not answered for 6 h/,
    })
  })

  it('leaves its builders the time that they have, for they could not tell it anything either', async () => {
    const plan = await bench.plan()
    let step = await bench.step(plan)
    const [x86 = 0] = bench.hub.builder.start(1)
    bench.hub.builder.begin(x86)
    step = await bench.step(plan, step)
    bench.hub.world.options.offline = 'server is offline'
    step = await bench.step(plan, step)
    bench.pass(5 * hour)
    bench.hub.world.options.offline = null
    step = await bench.step(plan, step)
    expect(waitOf(step).reason).toBe('a Koji task')
    bench.pass(2 * hour)
    expect(await failureOf(bench.step(plan, step))).toMatchObject({ class: 'stuck' })
  })

  it('is asked by one step a minute, however many wait for it', async () => {
    const plan = await bench.plan()
    const other = await bench.plan({ image: { flavour: 'ec2' } })
    bench.hub.world.options.offline = 'server is offline'
    await bench.step(plan)
    const asked = bench.hub.heard.length
    for (let round = 0; round < 20; round++) expect(waitOf(await bench.step(other)).reason).toBe('Koji to answer')
    expect(bench.hub.heard.length).toBe(asked)
    bench.pass(60_000)
    await bench.step(other)
    expect(bench.hub.heard.length).toBeGreaterThan(asked)
  })

  it('loses nothing when it goes away in the middle of a download', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    bench.hub.builder.build(1, { image: bench.imageFor })
    const file = /work\/tasks\/2\/2\/Fedora-Cloud-Base/
    bench.hub.disturbances.plan({ what: 'cut', after: 100_000 }, file, 2)
    await expectBuilt(bench, plan, await bench.step(plan, first))
  })

  it('goes on with a file that a killed process had begun', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    bench.hub.builder.build(1, { image: bench.imageFor })
    await mkdir(join(bench.folder, 'work'))
    const image = await readFile(bench.disks.xz)
    const name = '2-Fedora-Cloud-Base-43-20261121.n.0.weekly.x86_64.raw.xz'
    await writeFile(join(bench.folder, 'work', name), image.subarray(0, 5000))
    await expectBuilt(bench, plan, await bench.step(plan, first))
    expect(existsSync(join(bench.folder, 'work', name))).toBe(false)
  })

  it('takes the disk for one of now, though a killed process had fetched all of it', async () => {
    const plan = await bench.plan({ description: descriptions.livemedia })
    const first = await bench.step(plan)
    bench.hub.builder.build(1, { image: bench.imageFor })
    const image = (await bench.koji.queries.output(2)).find(({ name }) => name.endsWith('.iso'))
    const fetched = join(bench.folder, 'work', `2-${String(image?.name)}`)
    await mkdir(join(bench.folder, 'work'))
    await copyFile(bench.disks.raw, fetched)
    await utimes(fetched, new Date(0), new Date(0))
    await bench.step(plan, first)
    expect((await stat(plan.disk)).mtime.getTime()).toBeGreaterThan(bench.now().getTime() - 1_000)
  })
})
