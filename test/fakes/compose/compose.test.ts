import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { createScene, fastEngines } from '#test/line/scene.ts'
import { createMkosiEngine } from '../../../services/builder/engines/mkosi/engine.ts'
import { readContent } from '../../../services/builder/engines/recipe-content.ts'
import { readRecipe, recipesFolder } from '../../../services/builder/read-recipe.ts'
import { provideCompose, withForeignSignature, type TestCompose } from './make-compose.ts'
import { osTree } from './metadata.ts'
import { requestOf } from './request.ts'
import { serveFolder, type FolderServer } from './serve.ts'

const minutes = 60_000
let compose: TestCompose
let server: FolderServer
let folder: string
beforeAll(async () => {
  compose = await provideCompose({ tree: null, treeKey: 'no tree' })
  server = await serveFolder(compose.folder)
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-compose-'))
}, 5 * minutes)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const recipes = await Promise.all(['fedora-43', 'fedora-rawhide'].map((name) => readRecipe(name, [recipesFolder])))

it("is read by productmd, which Fedora's own tools read composes with", { timeout: 2 * minutes }, async () => {
  const bin = await providePythonEnvironment('productmd', ['productmd==1.51'])
  const script = `
import json, os, sys
from productmd.compose import Compose
compose = Compose(sys.argv[1])
everything = compose.info.variants["Everything"]
rpms = compose.rpms["Everything"]["x86_64"]
images = compose.images["Everything"]["x86_64"]
paths = [package["path"] for source in rpms.values() for package in source.values()] + [image.path for image in images]
print(json.dumps({
  "id": compose.info.compose.id, "type": compose.info.compose.type, "release": compose.info.release.version,
  "repository": everything.paths.repository["x86_64"],
  "packages": len([package for source in rpms.values() for package in source]),
  "missing": [path for path in paths if not os.path.exists(os.path.join(compose.compose_path, path))],
}))
`
  const { stdout } = await run(join(bin, 'python'), ['-c', script, compose.folder])
  const { packages, ...told } = JSON.parse(stdout) as { packages: number }
  expect(told).toEqual({ id: compose.id, type: 'nightly', release: '43', repository: osTree, missing: [] })
  expect(packages).toBeGreaterThan(30)
  expect(await readFile(join(compose.folder, 'STATUS'), 'utf8')).toBe('FINISHED\n')
})

it('has every package that the recipes ask for, and all that these depend on', { timeout: 2 * minutes }, async () => {
  const asked = recipes.flatMap((recipe) =>
    [...recipe.flavours.keys()].flatMap((flavour) => readContent(recipe, flavour, 'x86_64').packages),
  )
  const packages = [...new Set(asked)].toSorted()
  const repository = ['--repofrompath', `compose,${server.url}/compose/${osTree}`, '--repo', 'compose']
  const dnf = ['--quiet', ...repository, `--setopt=cachedir=${join(folder, 'dnf')}`]
  const names = async (...query: string[]) =>
    (await run('dnf', [...dnf, 'repoquery', '--queryformat', '%{name}', ...query, ...packages])).stdout
      .trim()
      .split('\n')
  expect(await names()).toEqual(packages)
  // dnf names what a dependency is resolved to; one that nothing provides would be missing.
  expect(await names('--requires', '--resolve', '--recursive')).toEqual(
    expect.arrayContaining(['filesystem', 'setup', 'fedora-release-cloud', 'python3', 'shadow-utils']),
  )
})

it('goes from its message to a published drop, by its own metadata', { timeout: 2 * minutes }, async () => {
  await using scene = await createScene()
  const message = join(scene.root, 'message.json')
  // Before 2018 Pungi said no more than this, so that the rest has to come from the metadata.
  const said = { compose_id: compose.id, location: `${server.url}/compose`, status: 'FINISHED_INCOMPLETE' }
  await writeFile(message, JSON.stringify(said))
  const drop = await scene.command(['drop', '--state', scene.state, '--compose', message], {
    ...fastEngines,
    IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: server.url,
  })
  expect(drop).toMatchObject({ status: 0, stdout: expect.stringContaining('published and announced') as string })
  expect(server.asked).toEqual(
    expect.arrayContaining(['/compose/metadata/composeinfo.json', '/compose/metadata/images.json']),
  )
  const events = await scene.events()
  const scheduled = events.find(({ subject }) => subject === 'drop.scheduled.v1')
  expect(scheduled?.body).toMatchObject({ compose: { id: compose.id, label: null, incomplete: true } })
  expect(events.filter(({ subject }) => subject === 'image.built.v1')).toHaveLength(4)
})

async function build(url: string) {
  const engine = createMkosiEngine({ deadline: 2 * minutes, idleDeadline: 2 * minutes })
  const folders = { work: join(folder, 'work'), cache: join(folder, 'cache') }
  const plan = engine.plan(await requestOf(compose, { flavour: 'generic', url, keysFrom: server.url }), folders)
  const signal = AbortSignal.timeout(3 * minutes)
  const context = { signal, progress: () => {}, log: pino({ level: 'silent' }), now: () => new Date() }
  const error = await engine
    .run(plan, { ...context, logFile: join(folder, 'build.log'), folders })
    .then(() => null)
    .catch((thrown: unknown) => thrown)
  return { class: engine.classify(error), reason: engine.explain(error) }
}

it('a package that somebody else has signed is not built with', { timeout: 4 * minutes }, async () => {
  const forged = await withForeignSignature(compose, join(folder, 'forged'), 'sudo')
  await using other = await serveFolder(forged.folder)
  expect(await build(other.url)).toEqual({
    class: 'refused',
    reason: expect.stringMatching(/not correct for this package.*sudo-43-1|Failing package is: sudo-43-1/) as string,
  })
})
