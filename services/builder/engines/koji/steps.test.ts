import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { classifyKoji, explainKoji } from './classify.ts'
import { keptDescription } from './collect/describe.ts'
import { hour, minute } from './limits.ts'
import { nextLook } from './patience.ts'
import { benchLimits, expectBuilt, openBench, type Bench, type Step } from './testing/bench.ts'
import { descriptions } from './testing/descriptions.ts'

let bench: Bench
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench[Symbol.asyncDispose]())

const waitOf = (step: Step) => {
  if (!step) throw new Error('it does not wait')
  return step
}
const failureOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  return { class: classifyKoji(error), reason: explainKoji(error) }
}

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
