import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keptDescription } from './collect/describe.ts'
import { expectBuilt, openBench, type Bench } from './testing/bench.ts'
import { failureOf, waitOf } from './testing/outcomes.ts'

let bench: Bench
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench[Symbol.asyncDispose]())

describe('building an image by Koji', () => {
  it('orders it, waits without holding anything, and fetches the disk when the task has closed', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    expect(waitOf(first)).toMatchObject({ for: 'koji:1', reason: 'a Koji task', state: { task: 1, reached: 0 } })
    const [x86] = bench.hub.builder.start(1)
    const second = await bench.step(plan, first)
    expect(waitOf(second).for).toBe('koji:1')
    bench.hub.builder.make(x86 ?? 0, { image: bench.imageFor, log: 'DEBUG:oz.Guest.FedoraGuest:done\n' })
    bench.hub.builder.make(3, { image: bench.imageFor })
    bench.hub.builder.complete(1)
    await expectBuilt(bench, plan, await bench.step(plan, second))
    const log = await readFile(bench.logFile, 'utf8')
    expect(log).toContain('==> oz-x86_64.log <==\nDEBUG:oz.Guest.FedoraGuest:done\n')
    for (const name of ['koji-f43-build-2-base.ks', 'libvirt-raw-xz-x86_64.xml', 'tdl-x86_64.xml']) {
      expect(log).toContain(`==> ${name} <==`)
    }
    const steps = bench.progress.flatMap(({ done, unit }) => (unit === 'steps' ? [done ?? 0] : []))
    expect(steps).toEqual(steps.toSorted((one, other) => one - other))
    expect(steps.at(-1)).toBe(4)
  })

  it('keeps one copy of the image on the disk, and nothing of what it fetched', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    bench.hub.builder.build(1, { image: bench.imageFor })
    await expectBuilt(bench, plan, await bench.step(plan, first))
    const left = await readdir(join(bench.folder, 'work'))
    expect(left.toSorted()).toEqual(['description.json', 'image.raw', 'packages.json'])

    const described = await keptDescription(plan)
    const names = described.map(({ name }) => name)
    expect(names.slice(0, 3)).toEqual(['Koji: buildImageOz', 'generic.ks', 'Koji: tasks'])
    // What the builder worked by, and none of its logs.
    expect(names.slice(3).some((name) => /^tdl-.*\.xml$/.test(name))).toBe(true)
    expect(names.join(' ')).not.toMatch(/\.log|libvirt/)
    expect(described[2]?.text).toMatch(
      /^\d+ image for noarch.*: closed\n\d+ createImage for x86_64.*, a child of \d+: closed$/,
    )
  })

  it('builds for the other architecture with the same task', async () => {
    const generic = await bench.plan()
    const arm = await bench.plan({ image: { architecture: 'aarch64' } })
    await bench.step(generic)
    const second = await bench.step(arm)
    expect(waitOf(second).state.task).toBe(1)
    bench.hub.builder.build(1, { image: bench.imageFor })
    await expectBuilt(bench, arm, await bench.step(arm, second))
    expect(bench.hub.world.tasks.size).toBe(3)
  })

  it('takes the task of a drop for no other drop, and of a flavour for no other', async () => {
    for (const changes of [{}, { drop: 'nightly-Fedora-43-20261121.n.0' }, { image: { flavour: 'ec2' } }]) {
      await bench.step(await bench.plan(changes))
    }
    expect(bench.hub.world.tasks.size).toBe(3)
  })

  it('sends the kickstart flat, and where the builder looks for it', async () => {
    await bench.step(await bench.plan())
    const [, , , , , opts] = bench.hub.world.tasks.get(1)?.request ?? []
    const { kickstart } = opts as { kickstart: string }
    const sent = await (await fetch(`${bench.hub.files}/${kickstart}`)).text()
    expect(sent).toContain('clearpart --all --initlabel\npart / --size 3000 --fstype ext4 --label root\nreboot\n')
  })

  it('makes a build that is kept for a milestone, and proves its image by the sum that the hub has', async () => {
    const plan = await bench.plan({ drop: 'milestone-Fedora-43-20261121.n.0' })
    const first = await bench.step(plan)
    bench.hub.builder.build(1, { image: bench.imageFor })
    expect(bench.hub.world.builds.map(({ name, version, release }) => `${name}-${version}-${release}`)).toEqual([
      'Fedora-Cloud-Base-43-20261121.n.0',
    ])
    await expectBuilt(bench, plan, await bench.step(plan, first))
    for (const archive of bench.hub.world.archives) Object.assign(archive, { sha256: '0'.repeat(64) })
    expect(await failureOf(bench.step(plan, first))).toMatchObject({ class: 'environment', reason: /SHA-256/ })
  })

  it('shows the last line of the log while it is built, and never goes back in what people see', async () => {
    const plan = await bench.plan()
    const first = await bench.step(plan)
    const [x86 = 0] = bench.hub.builder.start(1)
    bench.hub.builder.begin(x86)
    const line = 'DEBUG:oz.Guest.FedoraGuest:Waiting for Fedora to finish installing, 3000/3600\n'
    bench.hub.builder.append(x86, 'oz-x86_64.log', `${'x'.repeat(10_000)}\n${line}`)
    const second = await bench.step(plan, first)
    expect(bench.progress.at(-1)).toEqual({ phase: 'installing for 10 min', done: 2, total: 4, unit: 'steps' })
    bench.hub.builder.free(x86)
    await bench.step(plan, second)
    expect(bench.progress.at(-1)).toMatchObject({ phase: 'waits for a builder of its architecture', done: 2 })
  })
})
