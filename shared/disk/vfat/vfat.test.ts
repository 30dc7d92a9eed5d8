import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { openBytes } from '../bytes.ts'
import { expectToSurvive } from '../testing/damage.ts'
import { entriesOf, textOf } from '../testing/tree.ts'
import { openVfat } from './vfat.ts'

let folder: string
const files: Readonly<Record<string, string>> = {
  '/EFI/BOOT/BOOTX64.EFI': 'loader '.repeat(40_000),
  '/loader/entries/a-rather-long-name-of-an-entry.conf': 'options root=LABEL=root\n',
  '/loader/übersicht.conf': 'ü',
  '/small.txt': 'in small letters',
  '/empty': '',
}
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-vfat-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function make(name: string, kibibytes: number, options: readonly string[]): Promise<string> {
  const disk = join(folder, name)
  await writeFile(disk, '')
  await truncate(disk, kibibytes * 1024)
  await run('mkfs.vfat', ['-i', 'abcd1234', '-n', 'ESP', ...options, disk])
  const folders = ['/EFI', '/EFI/BOOT', '/loader', '/loader/entries']
  await run('mmd', ['-i', disk, ...folders.map((path) => `::${path}`)])
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, 'file')
    await writeFile(file, text)
    await run('mcopy', ['-i', disk, file, `::${path}`], { env: { LC_ALL: 'C.UTF-8' } })
  }
  return disk
}

describe.each([
  ['FAT12', 2_048, ['-F', '12']],
  ['FAT16 of small clusters', 16_384, ['-F', '16', '-s', '1']],
  ['FAT32', 65_536, ['-F', '32', '-s', '1']],
])('%s', (name, size, options) => {
  it('reads as what was copied into it, everything of root', async () => {
    await using bytes = await openBytes(await make(name, size, options))
    const fileSystem = await openVfat(bytes)
    expect(fileSystem).toMatchObject({ kind: 'vfat', uuid: 'ABCD-1234', label: 'ESP' })
    const entries = await entriesOf(fileSystem)
    expect([...entries.keys()].toSorted()).toEqual(
      ['/', '/EFI', '/EFI/BOOT', '/loader', '/loader/entries', ...Object.keys(files)].toSorted(),
    )
    for (const [path, text] of Object.entries(files)) {
      const entry = entries.get(path)
      expect(entry).toMatchObject({ type: 'file', mode: 0o755, uid: 0, gid: 0, size: Buffer.byteLength(text) })
      expect(Buffer.from(await textOf(fileSystem, entry), 'latin1').toString()).toBe(text)
    }
    expect(new Set([...entries.values()].map(({ inode }) => inode)).size).toBe(entries.size)
  })
})

it('refuses a disk that is cut short', async () => {
  const short = join(folder, 'short')
  await copyFile(await make('whole', 2_048, []), short)
  await truncate(short, 1024 ** 2)
  await using bytes = await openBytes(short)
  await expect(openVfat(bytes)).rejects.toThrow('the disk is cut short')
})

it('ends, and says that it cannot read, whatever damage there is', async () => {
  await expectToSurvive(await readFile(await make('damaged', 2_048, [])), openVfat)
})
