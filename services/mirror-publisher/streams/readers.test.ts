import { execFile } from 'node:child_process'
import { readFile, readlink, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DropReady } from '#events/drop-ready.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { createIndexMemory } from '../memory.ts'
import { candidate, keepImages, weekly } from '../testing/drops.ts'
import { makeKey } from '../testing/keys.ts'
import { placed, published } from '../testing/registered.ts'
import { openScene, type Scene } from '../testing/scene.ts'
import { blessed, expired, failureOf, hear, ready, superseded } from '../testing/speak.ts'
import { betaImages } from '../testing/tree.ts'
import { parseStreamIndex, type IndexedDrop } from './stream-document.ts'

const call = promisify(execFile)

let bin: string
beforeAll(async () => {
  bin = await providePythonEnvironment('readers', ['productmd==1.51', 'python-simplestreams==0.1.0.post59'])
}, 120_000)

async function python(program: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await call(join(bin, 'python'), ['-c', program, ...args])
  return JSON.parse(stdout) as unknown
}

interface Item {
  readonly item_url: string
  readonly product_name: string
  readonly version_name: string
  readonly ftype: string
  readonly region: string
  readonly id: string
  readonly size: string
  readonly sha256: string
}

/** What simplestreams' own client finds. */
async function query(scene: Scene, ...args: string[]): Promise<Item[]> {
  const options = ['--json', '--no-verify', ...args.filter((one) => one.startsWith('--'))]
  const filters = args.filter((one) => !one.startsWith('--'))
  const { stdout } = await call(join(bin, 'sstream-query'), [...options, indexOf(scene), ...filters])
  return JSON.parse(stdout) as Item[]
}

const indexOf = (scene: Scene, ending = 'json') => pathToFileURL(scene.at(`streams/v1/index.${ending}`)).href

/** The drops of a stream, each from its own document. */
async function readDrops(scene: Scene, stream = 'Fedora-19'): Promise<IndexedDrop[]> {
  const { drops } = parseStreamIndex(await readFile(scene.at(`streams/${stream}.json`), 'utf8'))
  const texts = await Promise.all(drops.map(({ document }) => readFile(scene.at(document), 'utf8')))
  return texts.map((text) => JSON.parse(text) as IndexedDrop)
}

async function open(scene: Scene, make: (images: DropReady['images']) => DropReady): Promise<DropReady> {
  const drop = make(await keepImages(scene.store))
  await hear(scene, ready(drop))
  await hear(scene, blessed(drop))
  return drop
}

describe("productmd's Compose", () => {
  it('opens the folder of a drop, and finds each image where the index says', async () => {
    await using scene = await openScene()
    const drop = await open(scene, (images) => candidate(1, images))
    const folder = scene.at(betaImages)
    const program = `
import json, sys, productmd.compose
compose = productmd.compose.Compose(sys.argv[1])
variant = compose.info.variants['CloudImages']
print(json.dumps({
  'id': compose.info.compose.id, 'label': compose.info.compose.label, 'folders': variant.paths.images,
  'images': [image.path for arch in compose.images['CloudImages'].values() for image in arch]}))`
    const read = (await python(program, folder)) as { images: string[] }
    expect(read).toMatchObject({
      id: drop.compose.id,
      label: 'Beta-1.1',
      folders: { i386: 'i386', x86_64: 'x86_64' },
    })
    expect(read.images).toHaveLength(8)
    for (const path of read.images) expect((await stat(join(folder, path))).size).toBe(2000)
  })
})

describe("simplestreams' own client", () => {
  it('finds every file of the open drops, with its size and checksum, and the newest by itself', async () => {
    await using scene = await openScene()
    const first = await open(scene, (images) => weekly(1, images))
    await open(scene, (images) => weekly(2, images))
    await hear(scene, ready(weekly(3, await keepImages(scene.store))))
    const items = await query(scene, 'datatype=image-downloads')
    expect(items).toHaveLength(2 * 4 * 4)
    for (const { item_url: url, size } of items) expect(String((await stat(new URL(url))).size)).toBe(size)
    const newest = await query(scene, '--max=1', 'arch=x86_64', 'flavour=generic', 'ftype=qcow2')
    expect(newest).toHaveLength(1)
    expect(newest[0]?.version_name).toBe('20180402.000')
    expect(newest[0]?.item_url).toContain('Fedora-Rawhide-20180402.n.0')

    await hear(scene, expired(first))
    expect(await query(scene, 'datatype=image-downloads')).toHaveLength(4 * 4)
  })

  it('finds an AMI by region once it is public, also where it came to later, none of an emulator, and none of a drop that is over', async () => {
    await using scene = await openScene()
    const drop = await open(scene, (images) => weekly(1, images))
    await hear(scene, placed(drop, 'x86_64', ['us-east-1']))
    expect(await query(scene, 'datatype=image-ids')).toEqual([])
    await hear(scene, published(drop))
    const all = await query(scene, 'datatype=image-ids')
    expect(all.map(({ id }) => id).toSorted()).toEqual([
      'ami-i686-eu-central-1',
      'ami-i686-us-east-1',
      'ami-x86_64-eu-central-1',
      'ami-x86_64-us-east-1',
    ])
    const told = { state: 'public', watermark: '123456789012:imagedrop' }
    expect(await query(scene, 'region=us-east-1', 'arch=x86_64')).toMatchObject([
      { id: 'ami-x86_64-us-east-1', owner_id: '123456789012', ...told },
    ])
    const [indexed] = await readDrops(scene, 'Fedora-Rawhide')
    const places = indexed?.images.find(({ name }) => name === 'ec2.x86_64')?.registrations
    expect(places).toContainEqual(expect.objectContaining({ place: 'us-east-1', owner: '123456789012', ...told }))
    await hear(scene, placed(drop, 'x86_64', ['us-east-1', 'ap-south-1']))
    expect((await query(scene, 'datatype=image-ids')).map(({ id }) => id).toSorted()).toEqual([
      'ami-i686-eu-central-1',
      'ami-i686-us-east-1',
      'ami-x86_64-ap-south-1',
      'ami-x86_64-us-east-1',
    ])
    await hear(scene, superseded(drop))
    await hear(scene, published(drop))
    await hear(scene, placed(drop, 'x86_64', ['us-east-1', 'ap-south-1']))
    expect(await query(scene)).toEqual([])
  })

  it('verifies signed indexes with the key of the mirror, and takes no others', async () => {
    await using keys = await makeKey('releng@example.org')
    await using strangers = await makeKey('releng@example.com')
    await using scene = await openScene()
    const signed = { ...scene, mirror: { ...scene.mirror, signer: await keys.signer() } }
    await open(signed, (images) => weekly(1, images))
    const keyringOf = async (home: string) => {
      const file = join(home, 'keyring.gpg')
      await call('gpg', ['--homedir', home, '--batch', '--output', file, '--export'])
      return file
    }
    const ask = async (home: string) =>
      await call(join(bin, 'sstream-query'), ['--json', `--keyring=${await keyringOf(home)}`, indexOf(scene, 'sjson')])
    expect(JSON.parse((await ask(keys.home)).stdout)).toHaveLength(4 * 4)
    await expect(ask(strangers.home)).rejects.toThrow('Command failed')
    // A key that is taken away leaves no signature that nobody renews.
    await hear(scene, blessed(weekly(1, await keepImages(scene.store))))
    await expect(stat(scene.at('streams/v1/index.sjson'))).rejects.toThrow('ENOENT')
  })
})

describe('the stream document', () => {
  it('keeps to its published schema, over the whole life of drops', async () => {
    await using scene = await openScene()
    const read = async (path: string) => JSON.parse(await readFile(scene.at(path), 'utf8')) as object
    const drop = weekly(1, await keepImages(scene.store))
    const pairs = [
      ['streams/schema.json', 'streams/Fedora-Rawhide.json'],
      ['streams/drop-schema.json', `streams/Fedora-Rawhide/${drop.drop}.json`],
    ] as const
    for (const event of [ready(drop), blessed(drop), published(drop), superseded(drop)]) {
      await hear(scene, event)
      for (const [schema, document] of pairs) {
        const ajv = new Ajv2020({ formats: { 'date-time': true, date: true, uri: true } })
        const isValid = ajv.validate(await read(schema), await read(document))
        expect(ajv.errors ?? []).toEqual([])
        expect(isValid).toBe(true)
        expect(ajv.validate(await read(schema), { ...(await read(document)), drops: [{}] })).toBe(false)
      }
    }
  })

  it('tells of a staged drop that it is there, and neither where nor which files', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, ready(drop))
    const drops = await readDrops(scene)
    expect(drops).toMatchObject([{ drop: drop.drop, state: 'staged', path: null, files: [] }])
    expect(JSON.stringify(drops)).not.toContain('.qcow2')
    await expect(stat(scene.at('streams/v1/index.json'))).resolves.toBeTruthy()
    expect(await query(scene)).toEqual([])
  })

  it('tells of a candidate that another took the place of, and names the other', async () => {
    await using scene = await openScene()
    const older = await open(scene, (images) => candidate(1, images))
    const newer = await open(scene, (images) => candidate(2, images))
    expect(await readDrops(scene)).toMatchObject([
      { drop: newer.drop, state: 'blessed', path: betaImages },
      { drop: older.drop, state: 'superseded', path: null, end: { by: newer.drop, successor: newer.drop } },
    ])
  })

  it('is the same, byte for byte, when every event comes twice', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    for (const event of [ready(drop), blessed(drop), published(drop)]) {
      await hear(scene, event)
      for (const path of ['streams/Fedora-19.json', `streams/Fedora-19/${drop.drop}.json`]) {
        const text = await readFile(scene.at(path))
        const { ino } = await stat(scene.at(path))
        await hear(scene, event)
        expect(await readFile(scene.at(path))).toEqual(text)
        expect((await stat(scene.at(path))).ino).toBe(ino)
      }
    }
  })

  it('follows the document of a drop, when a change was cut short between the two', async () => {
    await using scene = await openScene()
    const drop = await open(scene, (images) => weekly(1, images))
    const before = await readFile(scene.at('streams/Fedora-Rawhide.json'))
    const event = superseded(drop)
    const later = { ...event, time: '2018-05-01T00:00:00.000Z' }
    await hear(scene, later)
    const after = await readFile(scene.at('streams/Fedora-Rawhide.json'), 'utf8')
    expect(after).toContain('2018-05-01')
    await writeFile(scene.at('streams/Fedora-Rawhide.json'), before)
    for (const memory of [scene.mirror.memory, createIndexMemory()]) {
      await hear({ ...scene, mirror: { ...scene.mirror, memory } }, later)
      expect(await readFile(scene.at('streams/Fedora-Rawhide.json'), 'utf8')).toBe(after)
    }
  })
})

describe('the indexes of the whole mirror', () => {
  it('list the newest open milestone of a release as releases.json does', async () => {
    await using scene = await openScene()
    const publicUrl = 'https://mirror.example.org/pub/'
    await open({ ...scene, mirror: { ...scene.mirror, publicUrl } }, (images) => candidate(1, images))
    const releases = JSON.parse(await readFile(scene.at('releases.json'), 'utf8')) as Record<string, string>[]
    expect(releases).toHaveLength(8)
    expect(releases[0]).toEqual({
      version: '19 Beta',
      arch: 'i386',
      link: `${publicUrl}releases/test/19-Beta/Images/i386/Fedora-i386-19-Beta-1.1-sda.qcow2`,
      variant: 'CloudImages',
      subvariant: 'Cloud_Base',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      size: '2000',
    })
  })

  it('lead to the newest by a link and by a file, past drops that are over', async () => {
    await using scene = await openScene()
    const link = 'alt/cloud/weekly/latest-Fedora-Rawhide'
    const newest = async () => {
      const latest = JSON.parse(await readFile(scene.at('streams/latest/Fedora-Rawhide.json'), 'utf8')) as {
        newest: { weekly: { drop: string } | null }
      }
      return latest.newest.weekly?.drop
    }
    const first = await open(scene, (images) => weekly(1, images))
    const second = await open(scene, (images) => weekly(2, images))
    expect(await readlink(scene.at(link))).toBe(second.compose.id)
    expect(await newest()).toBe(second.drop)
    await hear(scene, superseded(second))
    expect(await readlink(scene.at(link))).toBe(first.compose.id)
    expect(await newest()).toBe(first.drop)
    await hear(scene, expired(first))
    await expect(readlink(scene.at(link))).rejects.toThrow('ENOENT')
    expect(await newest()).toBeUndefined()
  })

  it('stay as they are when a file that they name is gone or cut short, until its drop is withdrawn', async () => {
    await using scene = await openScene()
    const broken = await open(scene, (images) => weekly(1, images))
    const before = await readFile(scene.at('streams/v1/index.json'), 'utf8')
    const [item] = await query(scene, 'ftype=qcow2')
    if (!item) throw new Error('there is a qcow2')
    const path = new URL(item.item_url)
    const copy = await readFile(path)
    await rm(path)
    await writeFile(path, copy)
    await truncate(path, 7)
    const next = weekly(2, await keepImages(scene.store))
    const failure = failureOf(await hear(scene, blessed(next)))
    expect(failure.class).toBe('environment')
    expect(failure.reason).toMatch(/has 7 bytes instead of 2000: restore it, or `imagedrop withdraw weekly-/)
    expect(await readFile(scene.at('streams/v1/index.json'), 'utf8')).toBe(before)
    await hear(scene, superseded(broken))
    await hear(scene, blessed(next))
    expect(await query(scene, 'datatype=image-downloads')).toHaveLength(4 * 4)
  })

  it('are never made without a stream that they had', async () => {
    await using scene = await openScene()
    await open(scene, (images) => candidate(1, images))
    const next = weekly(2, await keepImages(scene.store))
    for (const harm of [
      () => rm(scene.at('streams/Fedora-19.json')),
      () => writeFile(scene.at('streams/Fedora-19.json'), ''),
    ]) {
      await harm()
      const failure = failureOf(await hear(scene, blessed(next)))
      expect(failure.class).toBe('environment')
      expect(failure.reason).toContain('restore it')
      expect((await query(scene)).length).toBe(4 * 4)
    }
  })

  it("never take the place of what is others'", async () => {
    await using scene = await openScene()
    await open(scene, (images) => weekly(1, images))
    const link = scene.at('alt/cloud/weekly/latest-Fedora-Rawhide')
    await rm(link)
    await writeFile(link, 'by hand')
    const failure = failureOf(await hear(scene, blessed(weekly(2, await keepImages(scene.store)))))
    expect(failure).toMatchObject({ class: 'refused', reason: expect.stringContaining('is no link') as string })
    expect(await readFile(link, 'utf8')).toBe('by hand')
    await rm(link)
    await symlink('elsewhere', link)
    await hear(scene, blessed(weekly(2, await keepImages(scene.store))))
    expect(await readlink(link)).toBe('Fedora-Rawhide-20180402.n.0')
  })
})
