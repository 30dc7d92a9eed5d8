import { createHash } from 'node:crypto'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import type { DropReady } from '#events/drop-ready.ts'
import { run } from '#subprocess/run.ts'
import type { Server } from '#test/brokers/server.ts'
import { keepImages, weekly } from '../testing/drops.ts'
import { startNginx } from '../testing/nginx.ts'
import { openScene, type Scene } from '../testing/scene.ts'
import { blessed, hear, ready, treeOf } from '../testing/speak.ts'
import { bencode } from './bencode.ts'
import { pieceLengthOf } from './hash-pieces.ts'
import { readDownloads, type Downloads } from './settings.ts'

let home: string
let nginx: Server
/** Under another name, as clients take no second address of one host. */
let good: string
let scene: Scene
let drop: DropReady
let downloads: Downloads
/** The public files of the drop, relative to the root. */
let files: readonly { readonly path: string; readonly sha256: string }[]

/** Two mirrors: one that is damaged, which clients are to ask first, and a good one, both behind one server. */
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'imagedrop-downloads-'))
  // The server's workers are another account.
  await chmod(home, 0o755)
  nginx = await startNginx(home)
  good = `${nginx.url.replace('127.0.0.1', 'localhost')}good/`
  const settings = join(home, 'downloads.yaml')
  await writeFile(
    settings,
    `torrent: true\nmirrors:\n  - url: ${nginx.url}damaged\n    location: de\n    priority: 1\n  - url: ${good}\n    priority: 2\n`,
  )
  downloads = readDownloads(settings, null)
  const opened = await openScene({ root: join(home, 'good') })
  scene = { ...opened, mirror: { ...opened.mirror, downloads } }
  drop = weekly(1, await keepImages(scene.store, 700_000))
  await hear(scene, ready(drop))
  files = treeOf(await hear(scene, blessed(drop)), dropMirrored).files
  await cp(join(home, 'good'), join(home, 'damaged'), { recursive: true, filter: (path) => !path.includes('.staging') })
  for (const { path } of files.filter((file) => file.path.endsWith('.qcow2'))) await damage(join(home, 'damaged', path))
}, 120_000)
afterAll(async () => {
  await nginx[Symbol.asyncDispose]()
  await scene[Symbol.asyncDispose]()
  await rm(home, { recursive: true })
})

/** Other bytes in the second of three pieces, and the same size. */
async function damage(path: string): Promise<void> {
  const copy = await readFile(path)
  await rm(path)
  copy.fill('x', 300_000, 310_000)
  await writeFile(path, copy, { mode: 0o644 })
}

const pathOf = (ending: string) => files.find(({ path }) => path.endsWith(ending))?.path ?? ''

/** What aria2 has in the end. It looks for no peers, and nobody finds it. */
async function fetchBy(handle: string): Promise<string> {
  const to = join(home, `by-${basename(handle)}`)
  await mkdir(to)
  const alone = ['--enable-dht=false', '--enable-peer-exchange=false', '--bt-enable-lpd=false', '--seed-time=0']
  const args = [
    '--no-conf',
    '--quiet',
    '--check-integrity=true',
    '--max-tries=2',
    '--disable-ipv6=true',
    '--follow-torrent=false',
    ...alone,
  ]
  // What is asked of it by file, it takes from the file alone.
  const metalink = handle.endsWith('.meta4') ? ['--metalink-file', handle, '--follow-metalink=false'] : [handle]
  await run('aria2c', [...args, '--dir', to, ...metalink], { deadline: 60_000 })
  return join(to, basename(handle).replace(/\.(meta4|torrent)$/, ''))
}

describe('a metalink', () => {
  it('keeps to the schema of RFC 5854', async () => {
    const schema = join(import.meta.dirname, 'testing', 'metalink.rng')
    const path = scene.at(pathOf('.qcow2.meta4'))
    await run('xmllint', ['--noout', '--relaxng', schema, path])
    const text = await readFile(path, 'utf8')
    await writeFile(join(home, 'wrong.meta4'), text.replace('<size>', '<size>-'))
    await expect(run('xmllint', ['--noout', '--relaxng', schema, join(home, 'wrong.meta4')])).rejects.toThrow('xmllint')
    expect(text).toContain(`<url location="de" priority="1">${nginx.url}damaged/${pathOf('.qcow2')}</url>`)
    expect(text).toContain(`<metaurl mediatype="torrent" priority="2">${good}${pathOf('.qcow2.torrent')}<`)
  })

  it('leads a client to the right bytes though the mirror that it asks first has others', async () => {
    const image = files.find(({ path }) => path.endsWith('.qcow2'))
    expect(await sha256OfFile(join(home, 'damaged', image?.path ?? ''))).not.toBe(image?.sha256)
    expect(await sha256OfFile(await fetchBy(scene.at(`${image?.path ?? ''}.meta4`)))).toBe(image?.sha256)
  })
})

describe('a torrent', () => {
  it('is fetched from the mirrors alone, with no seed and no tracker', async () => {
    const image = files.find(({ path }) => path.endsWith('.raw.xz'))
    expect(await sha256OfFile(await fetchBy(scene.at(`${image?.path ?? ''}.torrent`)))).toBe(image?.sha256)
  })

  it('has the info hash that others compute of the same file, and always the same bytes', async () => {
    const path = scene.at(pathOf('.qcow2'))
    const { stdout } = await run('aria2c', ['--no-conf', '--show-files', `${path}.torrent`])
    const bytes = await readFile(path)
    const pieces = [0, 1, 2].map((index) =>
      createHash('sha1')
        .update(bytes.subarray(index * 262_144, (index + 1) * 262_144))
        .digest(),
    )
    const name = basename(path)
    const info = bencode({ length: bytes.length, name, 'piece length': 262_144, pieces: Buffer.concat(pieces) })
    expect(stdout).toContain(`Info Hash: ${createHash('sha1').update(info).digest('hex')}`)

    await using other = await openScene()
    await cp(join(scene.home, 'artifacts'), join(other.home, 'artifacts'), { recursive: true })
    const again = { ...other, mirror: { ...other.mirror, downloads } }
    await hear(again, ready(drop))
    await hear(again, blessed(drop))
    for (const ending of ['.qcow2.torrent', '.qcow2.meta4']) {
      expect(await readFile(again.at(pathOf(ending)))).toEqual(await readFile(scene.at(pathOf(ending))))
    }
  })
})

it('they are beside every image in every format, and in the signed lists', async () => {
  expect(files.filter(({ path }) => /\.(qcow2|raw\.xz|raw\.tar\.xz)\.(meta4|torrent)$/.test(path))).toHaveLength(
    4 * 3 * 2,
  )
  const list = await readFile(scene.at(`${pathOf('/drop.json').replace('drop.json', '')}SHA256SUMS`), 'utf8')
  for (const ending of ['.qcow2.torrent', '.qcow2.meta4']) expect(list).toContain(basename(pathOf(ending)))
})

it.each([
  [1, 256],
  [256 * 1024 ** 2, 256],
  [256 * 1024 ** 2 + 1, 512],
  [5 * 1024 ** 3, 8192],
])('of a file of %d bytes, pieces have %d KiB', (size, kibibytes) => {
  expect(pieceLengthOf(size)).toBe(kibibytes * 1024)
})

it.each([
  ['nothing: 1', null, 'Unrecognized key'],
  ['metalink: true', null, 'mirrors: expected one, as this mirror has no public address either'],
  ['mirrors: [{ url: "file:///etc" }]', null, 'mirrors.0.url'],
  ['mirrors: [{ url: "http://a.example", location: "DE" }]', null, 'expected two small letters'],
])('settings are refused with the field: %s', async (text, publicUrl, words) => {
  const path = join(home, 'settings.yaml')
  await writeFile(path, text)
  expect(() => readDownloads(path, publicUrl)).toThrow(words)
})

it('the public address of the mirror comes after all others', async () => {
  const path = join(home, 'settings.yaml')
  await writeFile(path, 'mirrors: [{ url: "http://a.example/pub" }]')
  const { mirrors, metalink, torrent } = readDownloads(path, 'https://own.example/')
  expect(mirrors.map(({ url }) => url)).toEqual(['http://a.example/pub/', 'https://own.example/'])
  expect([metalink, torrent]).toEqual([true, false])
})
