import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { dropComparisonRequested, dropCompared } from '#events/comparison.ts'
import { say, type Said } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { imageBuilt, type ImageBuilt } from '#events/image-built.ts'
import { imageRequested } from '#events/image-requested.ts'
import { TransientError } from '#service/errors.ts'
import { testContext } from '#test/support/context.ts'
import { requestFor } from '../engines/engine.contract.ts'
import { recipesFolder } from '../read-recipe.ts'
import { builder } from '../service.ts'
import { createPaperEngine } from './testing/paper-engine.ts'
import { startSmallArchive, type Packages } from './testing/small-archive.ts'

const folder = await mkdtemp(join(tmpdir(), 'imagedrop-inputs-'))
const archive = await startSmallArchive()
const artifacts = await createFolderStore(join(folder, 'artifacts'))
afterAll(async () => {
  await archive[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const main: Packages = {
  dash: { Essential: 'yes' },
  'cloud-init': { Depends: 'python3' },
  python3: { Depends: 'libssl3' },
  libssl3: {},
  chromium: {},
}
/** A machine with a builder: what of it a test may change. */
let machine: { version: string; recipes: string; requireSecurity: boolean; meanwhile: () => Promise<void> }
beforeEach(async () => {
  machine = { version: '24.3', recipes: recipesFolder, requireSecurity: false, meanwhile: () => Promise.resolve() }
  archive.answerWith(null)
  await archive.publish('bookworm', main)
  await archive.publish('bookworm-security', { libssl3: { Version: '2' }, chromium: { Version: '2' } })
})

const dependencies = () => ({
  engines: new Map([['paper', createPaperEngine({ version: () => machine.version, meanwhile: machine.meanwhile })]]),
  onlyEngine: null,
  artifacts,
  cacheFolder: join(folder, 'cache'),
  recipes: [machine.recipes],
  packages: {
    mirror: null,
    hostMirror: () => Promise.resolve({ archive: archive.url, security: archive.url }),
    fetch,
    requireSecurity: machine.requireSecurity,
  },
})

async function handle(said: Said, attempt = 1): Promise<Said> {
  const event = seal(said, { now: new Date() }) as Parameters<typeof builder.handle>[0]
  const context = testContext({ folder, signal: AbortSignal.timeout(20_000), attempt })
  const result = await builder.handle(event, dependencies(), context)
  if (!('length' in result) || !result[0]) throw new Error('the builder said nothing')
  return result[0]
}

async function requestOf(day: string) {
  const { compose, image } = await requestFor({ engines: ['paper'] })
  const id = `Debian-12-${day}.n.0`
  return { drop: `nightly-${id}`, compose: { ...compose, id, date: day, location: `/srv/${id}` }, image }
}

async function build(day: string, wantsInputs = true): Promise<ImageBuilt> {
  const said = await handle(say(imageRequested, { ...(await requestOf(day)), ...(wantsInputs && { wantsInputs }) }))
  return imageBuilt.schema.parse(said.body)
}

async function compare(
  { drop, inputs, packages }: ImageBuilt,
  changes: Partial<ImageBuilt['image']> = {},
  attempt = 3,
) {
  if (inputs === undefined) throw new Error('it was not noted what the image is made of')
  const { image, ...rest } = await requestOf('20260103')
  const since = { drop, images: [{ image: 'generic.x86_64', inputs, packages }] }
  const body = { ...rest, images: [{ ...image, ...changes }], since }
  return dropCompared.schema.parse((await handle(say(dropComparisonRequested, body), attempt)).body).changes
}

it('an image of the next compose is made of the same, as long as nothing has changed that could be in it', async () => {
  const built = await build('20260101')
  expect(await compare(built)).toEqual([])
  await archive.publish('bookworm', { ...main, chromium: { Version: '3' } })
  expect(await compare(built)).toEqual([])
  expect((await build('20260102')).inputs).toEqual(built.inputs)
})

it('a package that is in it counts, though it differs in the security suite alone', async () => {
  const built = await build('20260101')
  await archive.publish('bookworm-security', { libssl3: { Version: '3' }, chromium: { Version: '2' } })
  expect(await compare(built)).toEqual([
    { image: 'generic.x86_64', reason: 'a package that is in it or could be has changed' },
  ])
})

it('a suite that is there no more, and one that has come, count', async () => {
  const built = await build('20260101')
  await archive.publish('bookworm-updates', { python3: { Version: '2' } })
  expect(await compare(built)).toHaveLength(1)
  await archive.publish('bookworm-updates', {})
  expect(await compare(built)).toEqual([])
  await archive.publish('bookworm-security', {})
  expect(await compare(built)).toHaveLength(1)
})

it('the recipe, the engine and the policy count', async () => {
  const built = await build('20260101')
  const image = 'generic.x86_64'
  const formats = [{ format: 'raw.xz' as const, level: 9 }]
  expect(await compare(built, { formats })).toEqual([{ image, reason: 'the policy for the image has changed' }])
  expect(await compare(built, { preemptible: true })).toEqual([])
  machine.version = '25'
  expect(await compare(built)).toEqual([{ image, reason: 'the engine has changed' }])
  machine.version = '24.3'
  machine.recipes = join(folder, 'recipes')
  await cp(recipesFolder, machine.recipes, { recursive: true })
  expect(await compare(built)).toEqual([])
  await writeFile(join(machine.recipes, 'debian-12/generic/README'), 'another word')
  expect(await compare(built)).toEqual([{ image, reason: 'the recipe has changed' }])
})

it('what cannot be told counts as changed, and says why; a mirror that is away is waited for first', async () => {
  const built = await build('20260101')
  await rm(await artifacts.open(built.packages))
  expect(await compare(built)).toEqual([
    {
      image: 'generic.x86_64',
      reason: expect.stringMatching(/^whether .* cannot be told: the artifact .* is not in/) as string,
    },
  ])
  expect(await compare(built, { architecture: 'i686' })).toMatchObject([
    { image: 'generic.i686', reason: 'the earlier drop has no such image' },
  ])
  archive.answerWith(503)
  await expect(compare(built, {}, 1)).rejects.toThrow(TransientError)
  expect(await compare(built, {}, 3)).toMatchObject([{ reason: expect.stringContaining('503') as string }])
})

it('is not noted when the repositories change while the image is built, nor where nobody wants to know', async () => {
  machine.meanwhile = () => archive.publish('bookworm', { ...main, chromium: { Version: '4' } })
  expect((await build('20260101')).inputs).toBeUndefined()
  machine.meanwhile = () => Promise.resolve()
  expect((await build('20260101')).inputs).toBeDefined()
  expect((await build('20260101', false)).inputs).toBeUndefined()
})
