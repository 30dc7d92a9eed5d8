import { chmod, mkdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { candidate, keepImages, weekly } from '../testing/drops.ts'
import { openScene } from '../testing/scene.ts'
import { blessed, expired, hear } from '../testing/speak.ts'
import { writeFileTimeList } from './file-time-list.ts'

const { signal } = new AbortController()

describe('fullfiletimelist-imagedrop', () => {
  it('lists every open file, folder and link with its time, type and size, and nothing that is closed', async () => {
    await using scene = await openScene()
    const { root } = scene.mirror
    await mkdir(join(root, 'releases/19/Fedora'), { recursive: true })
    await mkdir(join(root, 'releases/20/Fedora'), { recursive: true })
    await mkdir(join(root, '.staging/drop'), { recursive: true })
    await writeFile(join(root, 'releases/19/Fedora/netinst.iso'), '12345')
    await writeFile(join(root, 'releases/19/secret'), 'for later', { mode: 0o600 })
    await writeFile(join(root, 'releases/19/two\nlines'), '')
    await writeFile(join(root, 'releases/20/Fedora/netinst.iso'), 'embargoed')
    await symlink('19', join(root, 'releases/latest'))
    await chmod(join(root, 'releases/20'), 0o700)
    const future = new Date('2100-01-01T00:00:00Z')
    await utimes(join(root, 'releases/19/Fedora/netinst.iso'), future, future)

    for (const _twice of [1, 2]) await writeFileTimeList(scene.mirror, { changed: null, signal })
    const text = await readFile(join(root, 'fullfiletimelist-imagedrop'), 'utf8')
    const now = Math.floor((await stat(join(root, 'releases'))).ctimeMs / 1000)
    const lines = text.replaceAll(/^\d+\t([dl])\t\d+/gm, (line, type: string) => {
      expect(Math.abs(Number(line.split('\t')[0]) - now)).toBeLessThan(60)
      return `time\t${type}\tsize`
    })
    expect(lines).toBe(
      [
        '[Version]',
        '2',
        '',
        '[Files]',
        'time\td\tsize\treleases',
        'time\td\tsize\treleases/19',
        'time\td\tsize\treleases/19/Fedora',
        '4102444800\tf\t5\treleases/19/Fedora/netinst.iso',
        'time\tl\tsize\treleases/latest',
        '',
        '[Checksums SHA1]',
        '',
        '[End]',
        '',
      ].join('\n'),
    )
  })

  it('names the same, whether it was made of the one before or anew, over replacements and withdrawals', async () => {
    await using scene = await openScene()
    const { root } = scene.mirror
    const first = weekly(1, await keepImages(scene.store))
    const older = candidate(1, await keepImages(scene.store))
    const newer = candidate(2, await keepImages(scene.store))
    // Drops share artifacts, and another link to one is a change of it, but no news to mirrors.
    const read = async () =>
      (await readFile(join(root, 'fullfiletimelist-imagedrop'), 'utf8')).replaceAll(/^\d+/gm, 'time')
    for (const event of [blessed(first), blessed(older), blessed(newer), expired(first), expired(newer)]) {
      await hear(scene, event)
      const made = await read()
      await writeFile(join(root, 'fullfiletimelist-imagedrop'), '')
      await writeFileTimeList(scene.mirror, { changed: null, signal })
      expect(await read()).toBe(made)
    }
  })
})
