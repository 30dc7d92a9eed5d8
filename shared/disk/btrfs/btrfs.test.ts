import { readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { openBytes } from '../bytes.ts'
import { expectToSurvive } from '../testing/damage.ts'
import { attributesOf, entriesOf, expectTree, makeTree } from '../testing/tree.ts'
import { openBtrfs } from './btrfs.ts'
import { decompress } from './decompress.ts'

const isRoot = process.getuid?.() === 0
let folder: string
let tree: string
let disk: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-btrfs-'))
  tree = join(folder, 'tree')
  await makeTree(tree)
  const attributes = [
    ['user.note', 'x'.repeat(900)],
    ...(isRoot ? [['security.selinux', 'system_u:object_r:usr_t:s0']] : []),
  ]
  const setAttribute = 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())'
  for (const attribute of attributes) await run('python3', ['-c', setAttribute, join(tree, 'small'), ...attribute])
  if (isRoot) await run('chown', ['70000:7', join(tree, 'odd')])
  disk = join(folder, 'btrfs.raw')
  // mkfs writes holes as zeros.
  await truncate(join(tree, 'holes'), 2 ** 20)
  await make(disk, tree, ['--label', 'label', '--uuid', '01234567-89ab-cdef-0123-456789abcdef'])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function make(to: string, from: string, options: readonly string[]): Promise<void> {
  await writeFile(to, '')
  await truncate(to, 128 * 1024 ** 2)
  await run('mkfs.btrfs', ['--quiet', '--rootdir', from, ...options, to])
}

it('reads as the tree that mkfs made it of, with attributes, owners and labels', async () => {
  await using bytes = await openBytes(disk)
  const fileSystem = await openBtrfs(bytes)
  expect(fileSystem).toMatchObject({
    kind: 'btrfs',
    uuid: '01234567-89ab-cdef-0123-456789abcdef',
    label: 'label',
  })
  const entries = await expectTree(fileSystem, tree)
  expect(attributesOf(entries.get('/small'))).toEqual({
    'user.note': 'x'.repeat(900),
    ...(isRoot && { 'security.selinux': 'system_u:object_r:usr_t:s0' }),
  })
})

async function changed(name: string, at: number, value: bigint): Promise<string> {
  const path = join(folder, name)
  await copyFile(disk, path)
  await using file = await open(path, 'r+')
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  await file.write(bytes, 0, 8, 64 * 1024 + at)
  return path
}

it.each([
  ['one of several devices', 0x88, 2n, 'is on 2 devices'],
  ['one whose log was not replayed', 0x60, 4096n, 'its log holds what it lacks'],
  ['a feature that it does not know', 0xbc, 1n << 40n, 'are not understood: 0x10000000000'],
])('refuses %s', async (_, at, value, message) => {
  await using bytes = await openBytes(await changed('refused.raw', at, value))
  await expect(openBtrfs(bytes)).rejects.toThrow(message)
})

it('refuses a disk that is cut short', async () => {
  const short = join(folder, 'short.raw')
  await copyFile(disk, short)
  await truncate(short, 8 * 1024 ** 2)
  await using bytes = await openBytes(short)
  await expect(openBtrfs(bytes).then(entriesOf)).rejects.toThrow('the disk is cut short')
})

it.each([
  ['zlib', 1, deflateSync],
  ['zstd', 3, zstdCompressSync],
])('unpacks %s up to its end, whatever is behind', (_, method, compress) => {
  const text = readFileSync(join(tree, 'large')).subarray(0, 100_000)
  const packed = Buffer.concat([compress(text), Buffer.alloc(3_000)])
  expect(decompress(method, packed, text.length).equals(text)).toBe(true)
  expect(decompress(method, packed, text.length + 5).equals(Buffer.concat([text, Buffer.alloc(5)]))).toBe(true)
  expect(() => decompress(method, Buffer.from('neither of them, and longer than a head'), 100)).toThrow('is damaged')
})

it('says by what files are compressed that it cannot read', () => {
  expect(() => decompress(2, Buffer.alloc(10), 10)).toThrow('compressed by lzo, which is not read')
})

it('ends, and says that it cannot read, whatever damage there is', async () => {
  const small = join(folder, 'small-tree')
  await mkdir(join(small, 'folder'), { recursive: true })
  await writeFile(join(small, 'folder', 'file'), 'x'.repeat(30_000))
  await writeFile(join(small, 'short'), 'x')
  const path = join(folder, 'damaged.raw')
  await make(path, small, ['--metadata', 'single', '--mixed'])
  await expectToSurvive(await readFile(path), openBtrfs, 60)
})
