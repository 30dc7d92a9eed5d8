import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sha256OfFile } from '#artifacts/digest.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { mirrorPublisher } from '../service.ts'
import { candidate, keepImages, weekly } from '../testing/drops.ts'
import { blessed, expired, hear, ready, superseded, treeOf } from '../testing/speak.ts'
import { openScene } from '../testing/scene.ts'
import { betaImages } from '../testing/tree.ts'

describe('a drop that is over', () => {
  it('is withdrawn when it was staged, and again when told again', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, ready(drop))
    expect(await hear(scene, superseded(drop))).toEqual([])
    expect(await hear(scene, superseded(drop))).toEqual([])
    expect(await readdir(scene.at('.staging'))).toEqual([])
  })

  it('leaves a note when it was open; the artifacts stay in the store, the index tells the mirrors', async () => {
    await using scene = await openScene()
    const drop = candidate(1, await keepImages(scene.store))
    await hear(scene, blessed(drop))
    expect(await readFile(scene.at('fullfiletimelist-imagedrop'), 'utf8')).toContain('sda.qcow2')
    expect(await hear(scene, expired(drop))).toEqual([])
    expect((await readdir(scene.at(betaImages))).toSorted()).toEqual(['README', 'index.html', 'withdrawn.json'])
    expect(await readFile(scene.at('fullfiletimelist-imagedrop'), 'utf8')).not.toContain('sda.qcow2')
    for (const ref of drop.images.flatMap(({ artifacts }) => artifacts)) await scene.store.verify(ref)
    expect(await hear(scene, expired(drop))).toEqual([])
  })

  it('leaves every index when it expires, and its files go when the grace time is over', async () => {
    await using opened = await openScene()
    const scene = { ...opened, mirror: { ...opened.mirror, grace: 3_600_000 } }
    const drop = weekly(1, await keepImages(scene.store))
    const { files } = treeOf(await hear(scene, blessed(drop)), dropMirrored)
    const event = expired(drop)
    const at = (minutes: number) => ({
      ...scene.context,
      now: () => new Date(Date.parse(event.time) + minutes * 60_000),
    })
    for (const minutes of [0, 1, 59]) {
      const result = await mirrorPublisher.handle(event, scene.mirror, at(minutes))
      expect(result).toEqual({
        events: [],
        wait: {
          for: null,
          until: at(60).now(),
          reason: 'the end of the grace time of its files',
          kind: 'planned',
          state: null,
        },
      })
      for (const { path, sha256 } of files) expect(await sha256OfFile(scene.at(path))).toBe(sha256)
      const folder = `alt/cloud/weekly/${drop.compose.id}`
      const indexes = await readdir(scene.at('streams'), { recursive: true, withFileTypes: true })
      for (const index of indexes.filter((entry) => entry.isFile())) {
        expect(await readFile(join(index.parentPath, index.name), 'utf8')).not.toContain(`${folder}/`)
      }
      // What mirrors copy is all that is there.
      expect(await readFile(scene.at('fullfiletimelist-imagedrop'), 'utf8')).toContain(`${folder}/drop.json`)
      await expect(lstat(scene.at('alt/cloud/weekly/latest-Fedora-Rawhide'))).rejects.toThrow('ENOENT')
    }
    for (const _twice of [1, 2]) {
      expect(await mirrorPublisher.handle(event, scene.mirror, at(60))).toEqual([])
      expect((await readdir(scene.at(`alt/cloud/weekly/${drop.compose.id}`))).toSorted()).toEqual([
        'README',
        'index.html',
        'withdrawn.json',
      ])
    }
  })

  it('gives its place to another candidate within its grace time, and takes nothing of that one away', async () => {
    await using opened = await openScene()
    const scene = { ...opened, mirror: { ...opened.mirror, grace: 3_600_000 } }
    const older = candidate(1, await keepImages(scene.store))
    const newer = candidate(2, await keepImages(scene.store))
    await hear(scene, blessed(older))
    await hear(scene, expired(older))
    const { files } = treeOf(await hear(scene, blessed(newer)), dropMirrored)
    const later = { ...scene, context: { ...scene.context, now: () => new Date('2030-01-01T00:00:00Z') } }
    expect(await hear(later, expired(older))).toEqual([])
    for (const { path, sha256 } of files) expect(await sha256OfFile(scene.at(path))).toBe(sha256)
  })

  it('says in its place why, and what to use instead', async () => {
    await using scene = await openScene()
    const first = weekly(1, await keepImages(scene.store))
    const second = weekly(2, await keepImages(scene.store))
    await hear(scene, blessed(first))
    await hear(scene, blessed(second))
    const event = superseded(second)
    await hear(scene, { ...event, body: { ...event.body, reason: 'it accepts <any> password' } })
    const folder = `alt/cloud/weekly/${second.compose.id}`
    expect(JSON.parse(await readFile(scene.at(`${folder}/withdrawn.json`), 'utf8'))).toMatchObject({
      drop: second.drop,
      state: 'withdrawn',
      by: 'dgilmore',
      reason: 'it accepts <any> password',
      successor: { drop: first.drop, path: `alt/cloud/weekly/${first.compose.id}` },
    })
    expect(await readFile(scene.at(`${folder}/README`), 'utf8')).toContain(`Use ${first.drop} instead.`)
    const page = await readFile(scene.at(`${folder}/index.html`), 'utf8')
    expect(page).toContain('it accepts &lt;any&gt; password')
    expect(page).toContain(`href="../${first.compose.id}/"`)
  })

  it('is no reason to make anything when it never came to the mirror', async () => {
    await using scene = await openScene()
    expect(await hear(scene, superseded({ ...candidate(1, []), images: [] }))).toEqual([])
    expect(await readdir(scene.mirror.root)).toEqual([
      '.staging',
      'fullfiletimelist-imagedrop',
      'releases.json',
      'streams',
    ])
  })
})
