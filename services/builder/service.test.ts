import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imageRequested, type ImageRequested } from '#events/image-requested.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { testContext } from '#test/support/context.ts'
import type { Engine } from './engines/engine.ts'
import { classifyMkosi, explainMkosi } from './engines/mkosi/classify.ts'
import { createNullEngine } from './engines/null/engine.ts'
import { recipesFolder } from './read-recipe.ts'
import { NotDescribed } from './recipe.ts'
import { builder } from './service.ts'

let folder: string
let artifacts: ArtifactStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-builder-'))
  artifacts = await createFolderStore(join(folder, 'artifacts'))
  for (const part of ['base', 'tiny']) {
    await mkdir(join(folder, 'recipes/lean', part), { recursive: true })
    await writeFile(join(folder, 'recipes/lean', part, 'mkosi.conf'), '')
  }
  const lean = { title: 'Lean', family: 'fedora', release: '43', architectures: ['x86_64'] }
  await writeFile(join(folder, 'recipes/lean/recipe.yaml'), JSON.stringify(lean))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function build(
  image: Partial<ImageRequested['image']> = {},
  engine: Engine = createNullEngine(),
  signal?: AbortSignal,
) {
  const { compose } = imageRequested.example
  const body = {
    ...imageRequested.example,
    // A folder has no packages to offer over the web, so that nothing here leaves the machine.
    compose: { ...compose, version: '43', location: '/srv/compose' },
    image: { ...imageRequested.example.image, recipe: 'fedora-43', ...image },
  }
  const packages = { mirror: null, hostMirror: () => Promise.resolve(null), fetch, requireSecurity: false }
  const result = await builder.handle(
    seal(say(imageRequested, body), { now: new Date() }),
    {
      engines: new Map([[engine.id, engine]]),
      onlyEngine: engine.id,
      artifacts,
      cacheFolder: join(folder, 'cache'),
      recipes: [recipesFolder, join(folder, 'recipes')],
      packages,
    },
    testContext({ folder, signal: signal ?? AbortSignal.timeout(20_000) }),
  )
  if (!('length' in result)) throw new Error('the builder keeps no state')
  return result
}

function failingEngine(error: Error): Engine {
  return {
    ...createNullEngine(),
    classify: classifyMkosi,
    explain: explainMkosi,
    async run(_plan, { logFile }) {
      await writeFile(logFile, 'what the tool said\n')
      throw error
    },
  }
}

it('stores the disk, the package list, how they were made and the log, and says what built them', async () => {
  const events = await build()
  expect(events.map((event) => event.subject)).toEqual([imageBuilt.subject])
  const body = imageBuilt.schema.parse(events[0]?.body)
  expect(body.engine).toEqual({ name: 'null', version: '1', earlier: [] })
  const { disk, packages, description, log } = body
  if (description === undefined) throw new Error('it does not say how it was made')
  const refs = [disk, packages, description, log]
  expect(refs.map(({ format }) => format)).toEqual(['raw', 'json', 'txt', 'log'])
  for (const ref of refs) await artifacts.verify(ref)
  expect(await readFile(await artifacts.open(description), 'utf8')).toContain('what null was told')
})

it('says by which firmware the disk can be started, where something on it tells', async () => {
  const engine = createNullEngine()
  const withCode: Engine = {
    ...engine,
    async collect(plan, ...rest) {
      await using disk = await open(plan.disk, 'r+')
      await disk.write(Buffer.from([0xeb, 0x63]), 0, 2, 0)
      return await engine.collect(plan, ...rest)
    },
  }
  const modesOf = ([event]: Awaited<ReturnType<typeof build>>) => imageBuilt.schema.parse(event?.body).bootModes
  expect(modesOf(await build({}, withCode))).toEqual(['bios'])
  expect(modesOf(await build())).toBeUndefined()
})

it('says how much of the disk holds anything', async () => {
  const engine = createNullEngine()
  const withHole: Engine = {
    ...engine,
    async collect(plan, ...rest) {
      await using disk = await open(plan.disk, 'r+')
      await disk.truncate(64 * 2 ** 20)
      return await engine.collect(plan, ...rest)
    },
  }
  const [event] = await build({}, withHole)
  const { disk, dataBytes } = imageBuilt.schema.parse(event?.body)
  expect(disk.size).toBe(64 * 2 ** 20)
  // File systems round it, each in its way.
  expect(dataBytes).toBeGreaterThan(0)
  expect(dataBytes).toBeLessThan(2 ** 20)
})

it('says the same disk when the same event comes twice', async () => {
  const diskOf = ([event]: Awaited<ReturnType<typeof build>>) => imageBuilt.schema.parse(event?.body).disk
  const first = diskOf(await build())
  expect(diskOf(await build())).toEqual(first)
  expect(diskOf(await build({ flavour: 'generic' }))).not.toEqual(first)
})

it.each([
  [{ recipe: 'plan9' }, /^there is no recipe plan9; there are /],
  [{ architecture: 'i686' as const }, /^the recipe fedora-43 is not made for i686/],
  [{ recipe: 'lean' }, /^the recipe lean has no flavour ec2; it has tiny$/],
])('refuses %j with an event', async (image, reason) => {
  const [event] = await build(image)
  const { failure } = imageFailed.schema.parse(event?.body)
  expect(failure).toMatchObject({ step: 'builder', class: 'refused', log: null })
  expect(failure.reason).toMatch(reason)
})

it('says an image failed, with the log, when its recipe cannot be built', async () => {
  const error = new ToolFailed('mkosi', { why: 'exit', code: 1 }, 'E: Unable to locate package nothing-like-it', null)
  const [event] = await build({}, failingEngine(error))
  const { failure } = imageFailed.schema.parse(event?.body)
  expect(failure).toMatchObject({ class: 'recipe' })
  expect(failure.reason).toContain('Unable to locate package nothing-like-it')
  const path = failure.log && (await artifacts.open(failure.log))
  expect(path && (await readFile(path, 'utf8'))).toBe('what the tool said\n')
})

it('throws what may work next time, and what only a person can mend', async () => {
  const tool = (tail: string) => new ToolFailed('mkosi', { why: 'exit', code: 1 }, tail, null)
  await expect(build({}, failingEngine(tool('Hash Sum mismatch')))).rejects.toThrow(TransientError)
  const full = build({}, failingEngine(tool('No space left on device')))
  await expect(full).rejects.toThrow(PermanentError)
  await expect(full).rejects.toMatchObject({ failureClass: 'capacity' })
})

it('ends with the reason when it is cancelled', async () => {
  const reason = new Error('cancelled by an operator')
  await expect(build({}, createNullEngine(), AbortSignal.abort(reason))).rejects.toBe(reason)
})

describe('an engine that has begun something outside', () => {
  const planned = (name: string, changes: Partial<Engine>): Engine => ({ ...createNullEngine(), id: name, ...changes })
  const requested = {
    ...imageRequested.example,
    compose: { ...imageRequested.example.compose, location: '/srv/compose' },
  }
  const image = { ...requested.image, recipe: 'fedora-43' }
  const dependenciesWith = (engines: readonly Engine[]) => ({
    engines: new Map(engines.map((engine) => [engine.id, engine])),
    onlyEngine: null,
    artifacts,
    cacheFolder: join(folder, 'cache'),
    recipes: [recipesFolder],
    packages: { mirror: null, hostMirror: () => Promise.resolve(null), fetch, requireSecurity: false },
  })
  const away = planned('away', {
    run: () => Promise.reject(new PermanentError('environment', 'it is away')),
    abandon: () => Promise.reject(new Error('it cannot be asked to end anything')),
  })
  const unreadable = planned('unreadable', {
    plan: () => {
      throw new NotDescribed({ name: 'fedora-43' }, 'ec2', 'kickstart')
    },
    abandon: () => Promise.reject(new Error('it has begun nothing')),
  })

  it('keeps no other from trying, though it cannot end that', async () => {
    const engines = [away, unreadable, planned('last', {})]
    const body = { ...requested, image: { ...image, engines: ['away', 'unreadable', 'last'] } }
    const event = seal(say(imageRequested, body), { now: new Date() })
    const events = await builder.handle(event, dependenciesWith(engines), testContext({ folder }))
    if (!('length' in events)) throw new Error('it waits')
    expect(imageBuilt.schema.parse(events[0]?.body).engine).toEqual({
      name: 'last',
      version: '1',
      earlier: [
        { name: 'away', class: 'environment', reason: 'it is away' },
        { name: 'unreadable', class: 'environment', reason: 'the recipe fedora-43 has no kickstart for ec2' },
      ],
    })
  })

  it('is asked to end it when the drop is cancelled, and one that cannot plan the image is not', async () => {
    const ended: string[] = []
    const begun = planned('begun', {
      abandon: (plan) => {
        ended.push(plan.disk)
        return Promise.resolve()
      },
    })
    const event = seal(say(imageRequested, { ...requested, image }), { now: new Date() })
    await builder.abandon?.(event, dependenciesWith([unreadable, begun]), testContext({ folder }))
    expect(ended).toEqual([join(folder, 'work', 'begun', 'image.raw')])
    await expect(builder.abandon?.(event, dependenciesWith([away]), testContext({ folder }))).rejects.toThrow(
      /cannot be/,
    )
  })
})
