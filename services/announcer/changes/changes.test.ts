import { readFile, rm, writeFile } from 'node:fs/promises'
import { simpleParser } from 'mailparser'
import { describe, expect, it } from 'vitest'
import { ArtifactStoreUnavailable, type ArtifactStore } from '#artifacts/store.ts'
import type { DropPublished } from '#events/drop-published.ts'
import { imageKey } from '#events/vocabulary.ts'
import { shelfOf } from '../shelves.ts'
import { debianDrop, withFailure } from '../testing/drops.ts'
import { expired, published, superseded } from '../testing/news.ts'
import { openAnnouncer, type TestAnnouncer } from '../testing/open-announcer.ts'

const never = new AbortController().signal
type List = Readonly<Record<string, string>>

const before = { bash: '5.2.15-2+b7', cloud: '22.4.2-1', libssl3: '3.0.15-1~deb12u1', tzdata: '2026a-0+deb12u1' }
const after = { bash: '5.2.15-2+b8', libssl3: '3.0.17-1~deb12u2', tzdata: '2026a-0+deb12u1', zstd: '1.5.4' }

/** The drop with these packages in each image, or in the one that the key names. */
async function withPackages(
  artifacts: ArtifactStore,
  body: DropPublished,
  all: List,
  other: Record<string, List> = {},
) {
  const images = body.images.map(async (image) => {
    const list = Object.entries(other[imageKey(image.image)] ?? all)
    const packages = list.map(([name, version]) => ({ name, version, architecture: 'amd64' }))
    return { ...image, packages: await artifacts.keepBytes(JSON.stringify({ packages }), 'json') }
  })
  return { ...body, images: await Promise.all(images) }
}

async function textOf(at: TestAnnouncer, { drop }: DropPublished): Promise<string> {
  return (await simpleParser(await readFile(at.at(`${drop}.eml`)))).text ?? ''
}

/** Announces a drop of the 10th and one of the 11th; resolves with the second's mail. */
async function announceBoth(first: List, second: List, other: Record<string, List> = {}): Promise<string> {
  await using at = await openAnnouncer()
  await at.hear(published(await withPackages(at.artifacts, debianDrop('20260710'), first)))
  const body = await withPackages(at.artifacts, debianDrop(), second, other)
  await at.hear(published(body))
  return await textOf(at, body)
}

describe('the mail of a drop', () => {
  it('says what changed since the one before it, updates of a stable release first', async () => {
    const text = await announceBoth(before, after)
    expect(text).toContain(
      [
        'Changes since nightly-Debian-12-20260710.0',
        '',
        'Image           Updated  Added  Removed  Size  Boot',
        '--------------  -------  -----  -------  ----  ----',
        'generic.x86_64        2      1        1  same  same',
        'generic.i686          2      1        1  same  same',
        'ec2.x86_64            2      1        1  same  same',
        'ec2.i686              2      1        1  same  same',
        '',
        'Security and stable updates',
        '  libssl3 3.0.15-1~deb12u1 -> 3.0.17-1~deb12u2',
        '',
        'Updated',
        '  bash 5.2.15-2+b7 -> 5.2.15-2+b8',
        '',
        'Added',
        '  zstd 1.5.4',
        '',
        'Removed',
        '  cloud 22.4.2-1',
        '',
      ].join('\n'),
    )
    expect(text).not.toContain('tzdata')
  })

  it('names the images of a change that is not in all of them', async () => {
    const text = await announceBoth(before, before, { 'ec2.i686': { ...before, kernel: '6.1' } })
    expect(text).toContain('\nAdded\n  kernel 6.1 (ec2.i686)\n')
    expect(text).toMatch(/\nec2\.i686 +0 +1 +0 /)
    expect(text).toMatch(/\nec2\.x86_64 +0 +0 +0 /)
  })

  it('says so when every package is as it was', async () => {
    expect(await announceBoth(before, before)).toContain('\nEvery package has the version that it had.\n')
  })

  it('tells the first of very many updates, and where the rest is', async () => {
    const versions = (version: string) =>
      Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`package${String(index)}`, version]))
    const text = await announceBoth(versions('1'), versions('2'))
    expect(text.match(/^ {2}package\d+ 1 -> 2$/gm)).toHaveLength(60)
    expect(text).toContain('\n  and 440 more, see the package lists of both drops\n')
  })

  it('says by how much images grew and boot later', async () => {
    await using at = await openAnnouncer()
    await at.hear(published(debianDrop('20260710')))
    const body = debianDrop()
    const files = body.files.map((file) => ({ ...file, size: file.size + 1024 ** 2 }))
    const images = body.images.map((image) => ({
      ...image,
      checks: image.checks.map((check) => ({ ...check, seconds: check.seconds - 4 })),
    }))
    await at.hear(published({ ...body, files, images }))
    expect(await textOf(at, body)).toMatch(/\nec2\.i686 +\? +\? +\? +\+1\.0 MiB +-4 s\n/)
  })

  it('compares with no image that failed', async () => {
    await using at = await openAnnouncer()
    await at.hear(published(withFailure('no such package', debianDrop('20260710'))))
    await at.hear(published(debianDrop()))
    const [, changes = ''] = (await textOf(at, debianDrop())).split('Changes since')
    expect(changes).toContain('generic.i686')
    expect(changes.slice(0, changes.indexOf('Downloads'))).not.toContain('generic.x86_64')
  })
})

describe('the drop before', () => {
  const other = debianDrop('20260710')
  it.each<[string, DropPublished]>([
    ['of another kind', { ...other, kind: 'weekly', drop: 'weekly-Debian-12-20260710.0' }],
    ['of another release', { ...other, compose: { ...other.compose, version: '13' } }],
    ['that is newer', debianDrop('20260712')],
  ])('is none %s', async (_which, first) => {
    await using at = await openAnnouncer()
    await at.hear(published(first))
    await at.hear(published(debianDrop()))
    expect(await textOf(at, debianDrop())).not.toContain('Changes since')
  })

  it('is the newest one, superseded or not, unless it has expired', async () => {
    await using at = await openAnnouncer()
    for (const day of ['20260708', '20260709', '20260710']) await at.hear(published(debianDrop(day)))
    await at.hear(superseded(debianDrop('20260709'), 'somebody'))
    await at.hear(expired(debianDrop('20260710')))
    await at.hear(published(debianDrop()))
    expect(await textOf(at, debianDrop())).toContain('Changes since nightly-Debian-12-20260709.0')
  })

  it('may be a file that cannot be read: then it is another one, and the page names it', async () => {
    await using at = await openAnnouncer()
    await at.hear(published(debianDrop('20260709')))
    await at.hear(published(debianDrop('20260710')))
    const drop = 'nightly-Debian-12-20260710.0'
    const path = at.at(`told/${shelfOf(drop)}/${drop}.json`)
    await rm(path)
    await writeFile(path, '{')
    await expect(at.hear(published(debianDrop()))).rejects.toThrow('is no published drop')
    expect(await textOf(at, debianDrop())).toContain('Changes since nightly-Debian-12-20260709.0')
  })
})

describe('a list of packages that cannot be read', () => {
  it.each([
    ['is not there any more', null],
    ['is no list', 'hello'],
    ['is of another form', '{"packages":[{"name":7}]}'],
  ])('as it %s, costs the announcement only what changed in its image', async (_why, content) => {
    await using at = await openAnnouncer()
    await at.hear(published(await withPackages(at.artifacts, debianDrop('20260710'), before)))
    const body = await withPackages(at.artifacts, debianDrop(), after)
    const [first, ...others] = body.images
    if (!first) throw new Error('a drop has images')
    const packages = await at.artifacts.keepBytes(content ?? 'gone', 'json')
    if (content === null) await rm(await at.artifacts.open(packages))
    await at.hear(published({ ...body, images: [{ ...first, packages }, ...others] }))
    const text = await textOf(at, body)
    expect(text).toMatch(/\ngeneric\.x86_64 +\? +\? +\? /)
    expect(text).toMatch(/\ngeneric\.i686 +2 +1 +1 /)
    expect(text).toContain('\n  zstd 1.5.4\n')
  })

  it('as the store is away, is waited for, and not for ever', async () => {
    const open = () => Promise.reject(new ArtifactStoreUnavailable('the store is away'))
    await using at = await openAnnouncer({ lists: { open } })
    await at.hear(published(await withPackages(at.artifacts, debianDrop('20260710'), before)))
    const body = await withPackages(at.artifacts, debianDrop(), after)
    for (const attempt of [1, 2]) {
      await expect(at.hear(published(body), never, attempt)).rejects.toMatchObject({ name: 'TransientError' })
    }
    expect(await at.hear(published(body), never, 3)).toMatchObject([{ body: { drop: body.drop } }])
    expect(await textOf(at, body)).toMatch(/\ngeneric\.x86_64 +\? /)
  })
})
