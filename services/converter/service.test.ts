import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkOutgoing } from '#events/parse.ts'
import { seal } from '#events/envelope.ts'
import type { ImageConverted } from '#events/image-converted.ts'
import { listPieces } from './pieces/piece-cache.ts'
import { overwrite, setUp } from './testing/set-up.ts'

describe('a built image', () => {
  it('is converted to every format of its plan, in the order of the plan', async () => {
    await using scene = await setUp()
    const said = await scene.convert()
    const [event] = Array.isArray(said) ? said : []
    if (event?.subject !== 'image.converted.v1') throw new Error(`said ${JSON.stringify(said)}`)
    checkOutgoing(seal(event, { now: new Date() }))
    const { artifacts, disk } = event.body as ImageConverted
    expect(disk).toEqual(scene.disk)
    expect(artifacts.map((one) => one.format)).toEqual(['qcow2', 'raw.xz', 'raw.tar.xz'])
    for (const artifact of artifacts) await scene.artifacts.verify(artifact)
    expect(await scene.drafts()).toEqual([])
  })

  it('gives the same bytes on every machine, whatever its number of cores', async () => {
    const noise = randomBytes(1_500_000)
    const digests = []
    for (const threads of [2, 1, 2]) {
      await using scene = await setUp({ noise, threads })
      digests.push((await artifactsOf(scene.convert())).map((one) => one.sha256))
    }
    expect(digests[1]).toEqual(digests[0])
    expect(digests[2]).toEqual(digests[0])
  })

  it('is converted again without harm when its event comes twice', async () => {
    await using scene = await setUp()
    const first = await artifactsOf(scene.convert())
    const kept = await scene.kept()
    expect(await artifactsOf(scene.convert())).toEqual(first)
    expect(await scene.kept()).toBe(kept)
  })

  it('is compressed once for both xz formats of one level, and once for each of two levels', async () => {
    await using scene = await setUp()
    const [alone, archived] = await artifactsOf(
      scene.convert({
        formats: [
          { format: 'raw.xz', level: 1 },
          { format: 'raw.tar.xz', level: 1 },
        ],
      }),
    )
    if (!alone || !archived) throw new Error('two artifacts are missing')
    const stream = await readFile(await scene.artifacts.open(alone))
    expect((await readFile(await scene.artifacts.open(archived))).includes(stream)).toBe(true)
    const [, other] = await artifactsOf(
      scene.convert({
        formats: [
          { format: 'raw.xz', level: 1 },
          { format: 'raw.tar.xz', level: 0 },
        ],
      }),
    )
    expect(other?.size).toBeGreaterThan(archived.size)
  })

  it('shows one bar for making and one for verifying, and neither goes back', async () => {
    await using scene = await setUp()
    await scene.convert()
    for (const verb of ['compressing', 'verifying']) {
      const shown = scene.progress.filter(({ phase }) => phase.startsWith(verb))
      const done = shown.map((step) => (step.done ?? 0) / (step.total ?? 1))
      expect(done.length).toBeGreaterThan(3)
      expect(done).toEqual([...done].sort((a, b) => a - b))
      expect(done.at(-1)).toBe(1)
    }
  })
})

describe('what was compressed before', () => {
  it('is not compressed again: of a second disk only the pieces that differ are new', async () => {
    const noise = randomBytes(1_500_000)
    await using first = await setUp({ noise })
    const cacheFolder = join(first.root, 'pieces')
    await first.convert()
    const before = await countPieces(cacheFolder)
    expect(before).toEqual({ 'qcow2-zlib-5': 7, 'xz-0-7zip': 6 })
    await using second = await setUp({ noise, cacheFolder, prepare: (path) => overwrite(path, 2_000_000) })
    await second.convert()
    expect(await countPieces(cacheFolder)).toEqual({ 'qcow2-zlib-5': 8, 'xz-0-7zip': 7 })
  })

  it('is shared by conversions at the same time, which make the same files', async () => {
    const noise = randomBytes(1_500_000)
    await using one = await setUp({ noise })
    await using other = await setUp({ noise, cacheFolder: join(one.root, 'pieces'), threads: 1 })
    const [made, alike] = await Promise.all([artifactsOf(one.convert()), artifactsOf(other.convert())])
    expect(alike).toEqual(made)
    expect(await artifactsOf(other.convert())).toEqual(made)
  })
})

async function artifactsOf(said: ReturnType<Awaited<ReturnType<typeof setUp>>['convert']>) {
  const events = await said
  const [event] = Array.isArray(events) ? events : []
  if (event?.subject !== 'image.converted.v1') throw new Error(`said ${JSON.stringify(events)}`)
  return (event.body as ImageConverted).artifacts
}

async function countPieces(folder: string): Promise<Record<string, number>> {
  const pieces = Map.groupBy(await listPieces(folder), ({ kind }) => kind)
  return Object.fromEntries([...pieces].map(([kind, some]) => [kind, some.length]))
}
