import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { unknownDrop, unknownImage, type DropState } from '#drop/state.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { exampleArtifact, exampleCompose, exampleDrop, exampleEngine, exampleImage } from '#events/examples.ts'
import { findServices } from '../services.ts'
import { buildAgain, type Again } from './build-again.ts'
import { compareDisks } from './compare-disks.ts'
import { findOriginal, type Original } from './original.ts'
import { compareBuilds } from './reproduce.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-reproduce-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const services = await findServices({})
const asked: Original = {
  drop: exampleDrop,
  compose: exampleCompose,
  image: { ...exampleImage, engines: ['null'] },
  disk: exampleArtifact('raw'),
  packages: exampleArtifact('json'),
  engine: { name: 'null', version: '1', earlier: [] },
  recipe: null,
}

async function build(name: string, original: Original = asked): Promise<Again> {
  return await buildAgain(original, {
    folder: join(folder, name),
    services,
    env: {},
    log: pino({ level: 'silent' }),
    signal: AbortSignal.timeout(30_000),
    progress: () => {},
  })
}

/** What the ledger would know of a build. */
function originalOf({ built }: Again): Original {
  return { ...asked, disk: built.disk, packages: built.packages, engine: built.engine, recipe: built.recipe ?? null }
}

it('the same recipe, engine and packages give the same bits in another folder', async () => {
  const first = await build('first')
  const likenesses = await compareBuilds(originalOf(first), await build('second'), first.artifacts)
  expect(likenesses.map(({ what, same }) => [what, same])).toEqual([
    ['recipe', true],
    ['engine', true],
    ['packages', true],
    ['disk', true],
  ])
})

it('what is not the same is told: recipe, engine, packages by name, and where the disk begins to differ', async () => {
  const first = await build('first')
  const original = originalOf(first)
  const kept = await createFolderStore(join(folder, 'kept'))
  const packages = { packages: [{ name: 'bash', version: '5.1', architecture: 'amd64' }] }
  const disk = await readFile(await first.artifacts.open(first.built.disk))
  disk[520] = (disk[520] ?? 0) ^ 1
  const changed = {
    ...original,
    recipe: '0'.repeat(64),
    engine: { ...original.engine, version: '0' },
    packages: await kept.keepBytes(JSON.stringify(packages), 'json'),
    disk: await kept.keepBytes(disk, 'raw'),
  }
  const likenesses = await compareBuilds(changed, await build('second'), kept)
  expect(likenesses.map(({ same }) => same)).toEqual([false, false, false, false])
  expect(likenesses.map(({ detail }) => detail.replaceAll(/[0-9a-f]{64}/g, 'DIGEST'))).toEqual([
    'DIGEST then, DIGEST now',
    'null 0 then, null 1 now',
    '- bash 5.1 (amd64)',
    'first at byte 520, in 1 of 16 blocks of 4 KiB; SHA-256 DIGEST then, DIGEST now',
  ])
})

it('a disk that was not kept is compared by its digest, and that is said', async () => {
  const first = await build('first')
  const original = { ...originalOf(first), disk: { sha256: 'f'.repeat(64) } }
  const likenesses = await compareBuilds(original, await build('second'), first.artifacts)
  expect(likenesses.at(-1)).toMatchObject({
    same: false,
    detail: expect.stringMatching(/^SHA-256 f{64} then, .*; where cannot be said: it was not kept$/) as string,
  })
})

it('an image that cannot be built again says why', async () => {
  const image = { ...asked.image, recipe: 'no-such-recipe' }
  await expect(build('first', { ...asked, image })).rejects.toThrow(
    /^it could not be built again \(refused\): there is no recipe no-such-recipe; there are .*; its log is in /,
  )
})

it('disks are compared to the last byte, of which one may have more', async () => {
  const [one, other] = [join(folder, 'one'), join(folder, 'other')]
  await writeFile(one, Buffer.alloc(3_000_000))
  await writeFile(other, Buffer.alloc(3_000_000))
  expect(await compareDisks(one, other)).toBeNull()
  await writeFile(other, Buffer.alloc(3_000_001))
  expect(await compareDisks(one, other)).toEqual({ offset: 3_000_000, blocks: 1, of: 733 })
  await using file = await open(other, 'r+')
  await file.write(Buffer.from('x'), 0, 1, 1_500_000)
  await file.write(Buffer.from('x'), 0, 1, 2_500_000)
  expect(await compareDisks(one, other)).toEqual({ offset: 1_500_000, blocks: 3, of: 733 })
})

it('an image is found as the ledger knows it, and what is not there is said', () => {
  const plan = { ...dropScheduled.example, images: [exampleImage] }
  const [disk, packages] = [exampleArtifact('raw'), exampleArtifact('json')]
  const built = { time: '2013-05-21T10:00:00Z', disk: disk.sha256, image: disk, packages, engine: exampleEngine }
  const state: DropState = { ...unknownDrop, plan, images: { 'ec2.x86_64': { ...unknownImage, built } } }
  expect(findOriginal(state, exampleDrop, 'ec2.x86_64')).toMatchObject({ disk, recipe: null, image: exampleImage })
  expect(findOriginal(unknownDrop, 'weekly', 'ec2.x86_64')).toContain('there is no drop "weekly"')
  expect(findOriginal(state, exampleDrop, 'gcp.x86_64')).toContain('there is no image "gcp.x86_64"')
  expect(findOriginal({ ...state, images: {} }, exampleDrop, 'ec2.x86_64')).toContain('was never built')
})
