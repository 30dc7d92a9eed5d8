import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { openBytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import { expectToSurvive, readAll } from '../testing/damage.ts'
import { attributesOf, entriesOf, expectTree, makeTree } from '../testing/tree.ts'
import { openExt } from './ext.ts'

let folder: string
let tree: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-ext-'))
  tree = join(folder, 'tree')
  await makeTree(tree)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function make(name: string, options: readonly string[], requests: readonly string[] = []): Promise<string> {
  const disk = join(folder, name)
  await writeFile(disk, '')
  await truncate(disk, 24 * 1024 ** 2)
  await run('mke2fs', ['-q', '-d', tree, ...options, disk])
  const script = `${disk}.requests`
  await writeFile(script, requests.map((request) => `${request}\n`).join(''))
  await run('debugfs', ['-w', '-f', script, disk])
  return disk
}

describe.each([
  ['ext2', ['-t', 'ext2', '-b', '1024']],
  ['ext3', ['-t', 'ext3', '-b', '4096']],
  ['ext4', ['-t', 'ext4']],
  ['ext4', ['-t', 'ext4', '-b', '1024', '-O', '^64bit,^metadata_csum', '-I', '128']],
  ['ext4', ['-t', 'ext4', '-O', 'inline_data,64bit,metadata_csum_seed', '-I', '512']],
])('%s made by mke2fs %j', (kind, options) => {
  it('reads as the tree that it was made of', async () => {
    await using bytes = await openBytes(
      await make(`${kind}.raw`, [...options, '-U', '01234567-89ab-cdef-0123-456789abcdef', '-L', 'label']),
    )
    const fileSystem = await openExt(bytes)
    expect(fileSystem).toMatchObject({ kind, uuid: '01234567-89ab-cdef-0123-456789abcdef', label: 'label' })
    await expectTree(fileSystem, tree)
  })
})

it('reads attributes beside an inode, in a block and as files of their own; and devices', async () => {
  const long = 'y'.repeat(3_000)
  const disk = await make(
    'attributes.raw',
    ['-t', 'ext4', '-O', 'ea_inode'],
    [
      'ea_set /small user.short s',
      `ea_set /small user.long ${long}`,
      `ea_set /odd user.longest ${'z'.repeat(900)}`,
      'set_inode_field /odd uid 70000',
      'mknod disk b 8 1',
      'mknod tty c 200 1000',
    ],
  )
  await using bytes = await openBytes(disk)
  const entries = await entriesOf(await openExt(bytes))
  const attributes = (path: string) => attributesOf(entries.get(path))
  expect(attributes('/small')).toEqual({ 'user.short': 's', 'user.long': long })
  expect(attributes('/odd')).toEqual({ 'user.longest': 'z'.repeat(900) })
  expect(entries.get('/odd')?.uid).toBe(70_000)
  expect(entries.get('/disk')).toMatchObject({ type: 'block device', device: '8:1' })
  expect(entries.get('/tty')).toMatchObject({ type: 'character device', device: '200:1000' })
})

it.each([
  ['a journal that was not replayed', ['feature needs_recovery'], 'its journal holds what it lacks'],
  ['a feature that it does not know', ['feature encrypt'], 'features that are not understood: encrypt'],
  ['a directory within itself', ['link /many /many/deep/loop'], 'is within itself'],
  ['a tree of extents that is none', ['set_inode_field /large block[0] 0'], 'a tree of extents is damaged'],
])('refuses %s', async (_, requests, message) => {
  const disk = await make('refused.raw', ['-t', 'ext4'], requests)
  await using bytes = await openBytes(disk)
  await expect(openExt(bytes).then(readAll)).rejects.toThrow(message)
  await expect(openExt(bytes).then(readAll)).rejects.toThrow(DiskUnreadable)
})

it('refuses a disk that is cut short', async () => {
  const disk = await make('short.raw', ['-t', 'ext4'])
  await truncate(disk, 8 * 1024 ** 2)
  await using bytes = await openBytes(disk)
  await expect(openExt(bytes)).rejects.toThrow('the disk is cut short')
})

it('ends, and says that it cannot read, whatever damage there is', async () => {
  const disk = join(folder, 'damaged.raw')
  await writeFile(disk, '')
  await truncate(disk, 2 * 1024 ** 2)
  const small = join(folder, 'small-tree')
  await mkdir(join(small, 'folder'), { recursive: true })
  await writeFile(join(small, 'folder', 'file'), 'x'.repeat(30_000))
  await symlink('folder/file', join(small, 'link'))
  await run('mke2fs', ['-q', '-t', 'ext4', '-N', '64', '-O', '^has_journal,ea_inode,inline_data', '-d', small, disk])
  await expectToSurvive(await readFile(disk), openExt)
})
