import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { link, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, asyncProperty, integer, uint8Array } from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { openBytes, type Bytes } from '../bytes.ts'
import { DiskUnreadable } from '../errors.ts'
import type { Entry, FileSystem } from '../file-system.ts'
import { openExt } from './ext.ts'

let folder: string
let tree: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-ext-'))
  tree = join(folder, 'tree')
  await mkdir(join(tree, 'many', 'deep', 'deeper'), { recursive: true })
  for (let index = 0; index < 400; index += 1)
    await writeFile(join(tree, 'many', `a name of some length ${String(index)}`), '')
  await writeFile(join(tree, 'empty'), '')
  await writeFile(join(tree, 'small'), 'a few bytes')
  await writeFile(join(tree, 'large'), Buffer.alloc(1_500_000, 'not all the same '))
  await writeFile(join(tree, 'holes'), 'begin')
  await truncate(join(tree, 'holes'), 2 ** 32)
  await writeFile(join(tree, 'odd'), 'x'.repeat(4_097))
  await writeFile(join(tree, 'line\nbreak'), 'a name of two lines')
  await writeFile(Buffer.concat([Buffer.from(`${tree}/latin1-`), Buffer.from([0xe9])]), 'no UTF-8')
  await link(join(tree, 'small'), join(tree, 'many', 'same'))
  await symlink('small', join(tree, 'short-link'))
  await symlink(`/${'long-'.repeat(40)}`, join(tree, 'long-link'))
  await run('mkfifo', [join(tree, 'fifo')])
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

async function entriesOf(fileSystem: FileSystem): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  for await (const entry of fileSystem.entries()) entries.set(entry.path, entry)
  return entries
}

/** Without a hole at the end, of which there is much. */
async function textOf(fileSystem: FileSystem, entry: Entry | undefined): Promise<string> {
  const pieces: Buffer[] = []
  for await (const { position, bytes } of entry ? fileSystem.read(entry) : []) {
    pieces.push(Buffer.alloc(position - Buffer.concat(pieces).length), bytes)
  }
  return Buffer.concat(pieces).toString('latin1')
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
    const entries = await entriesOf(fileSystem)
    expect(entries.delete('/lost+found')).toBe(true)
    expect([...entries.keys()]).toContain('/latin1-\udce9')
    expect(entries.get('/small')?.inode).toBe(entries.get('/many/same')?.inode)
    expect(entries.size).toBe(415)
    for (const [path, { type, mode, uid, gid, size, target }] of entries) {
      if (path === '/' || path.includes('\udce9')) continue
      const found = lstatSync(join(tree, path))
      expect({ mode, uid, gid }).toEqual({ mode: found.mode & 0o7777, uid: found.uid, gid: found.gid })
      if (type === 'file') expect(size, path).toBe(found.size)
      if (type === 'symlink') expect(target).toBe(readlinkSync(join(tree, path)))
    }
    for (const name of ['empty', 'small', 'large', 'odd', 'line\nbreak']) {
      expect(await textOf(fileSystem, entries.get(`/${name}`)), name).toBe(readFileSync(join(tree, name), 'latin1'))
    }
    expect((await textOf(fileSystem, entries.get('/holes'))).replace(/\0+$/, '')).toBe('begin')
    expect(entries.get('/fifo')?.type).toBe('fifo')
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
  const attributes = (path: string) =>
    Object.fromEntries([...(entries.get(path)?.attributes ?? [])].map(([name, value]) => [name, value.toString()]))
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
  await expect(readAll(bytes)).rejects.toThrow(message)
  await expect(readAll(bytes)).rejects.toThrow(DiskUnreadable)
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
  const intact = await readFile(disk)
  const used = intact.findLastIndex((byte) => byte !== 0)
  await assert(
    asyncProperty(integer({ min: 1024, max: used }), uint8Array({ minLength: 1, maxLength: 8 }), async (at, damage) => {
      const bytes = Buffer.from(intact)
      bytes.set(damage.subarray(0, bytes.length - at), at)
      await readAll(inMemory(bytes)).catch((error: unknown) => {
        expect(error).toBeInstanceOf(DiskUnreadable)
      })
    }),
    { numRuns: 300 },
  )
})

async function readAll(bytes: Bytes): Promise<void> {
  const fileSystem = await openExt(bytes)
  for await (const entry of fileSystem.entries()) {
    if (entry.type === 'file')
      for await (const chunk of fileSystem.read(entry)) expect(chunk.bytes.length).toBeGreaterThan(0)
  }
}

function inMemory(buffer: Buffer): Bytes {
  return {
    size: buffer.length,
    read(position, length) {
      if (position < 0 || length < 0 || position + length > buffer.length)
        return Promise.reject(new DiskUnreadable('beyond'))
      return Promise.resolve(buffer.subarray(position, position + length))
    },
  }
}
