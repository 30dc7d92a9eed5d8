import { createHash } from 'node:crypto'
import { link, lstat, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBytes } from '#disk/bytes.ts'
import { openExt } from '#disk/ext/ext.ts'
import { attributesOf, entriesOf, textOf } from '#disk/testing/tree.ts'
import { sha256OfFile } from '#artifacts/digest.ts'
import { run } from '#subprocess/run.ts'
import { fillRoot as fillAt } from '#test/support/fill-root.ts'
import { shareAtTheSamePlace } from '#test/support/same-place.ts'

const epoch = 1_767_225_600
const uuids = { generic: 'a2b12a97-2f19-4704-81d3-166f8852f325', ec2: '0637b6cc-1454-4096-a6ad-831d328d91c7' }

const packages = Array.from({ length: 60 }, (_, number) => `package${String(number)}`)

let folder: string
let generic: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-fill-root-'))
  generic = join(folder, 'generic')
  for (const name of packages) await makePackage(generic, name)
  await write(join(generic, 'boot/initrd'), bytesOf('one', 700_000))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('makes a file system that reads as the tree, whatever is in it, and in which e2fsck finds nothing', async () => {
  const tree = join(folder, 'odd')
  await makePackage(tree, 'one')
  await writeFile(join(tree, 'a "name" with \\ and space'), 'its content', { mode: 0o4750 })
  await link(join(tree, 'a "name" with \\ and space'), join(tree, 'usr/share/one/another name'))
  await symlink('usr', join(tree, 'short-link'))
  await symlink(`/${'long-'.repeat(40)}`, join(tree, 'long-link'))
  await run('mkfifo', [join(tree, 'fifo')])
  await writeFile(join(tree, 'holes'), 'begin')
  for (let piece = 1; piece < 8; piece += 1) {
    await truncate(join(tree, 'holes'), piece * 2 ** 16)
    await writeFile(join(tree, 'holes'), 'x'.repeat(4_097), { flag: 'a' })
  }
  await truncate(join(tree, 'holes'), 2 ** 32)
  // So large that the file system has a second superblock.
  await writeFile(join(tree, 'large'), Buffer.alloc(90 * 1024 ** 2, 'not all the same '))
  await mkdir(join(tree, 'many'), { mode: 0o1777 })
  for (let number = 0; number < 400; number += 1) {
    await writeFile(join(tree, 'many', `a name of some length ${String(number)}`), '')
  }
  const note = 'import os, sys; os.setxattr(sys.argv[1], "user.note", sys.argv[2].encode())'
  await run('python3', ['-c', note, join(tree, 'many'), 'kept'])
  await run('python3', ['-c', note, join(tree, 'holes'), 'kept too'])

  const disk = await fillRoot(tree, uuids.generic)
  await run('e2fsck', ['-fn', disk])
  // What the first start of an image does: a check that is not forced must find nothing that forces it.
  expect((await run('e2fsck', ['-p', disk])).stdout).toMatch(/^root: clean, /)
  await using bytes = await openBytes(disk)
  const fileSystem = await openExt(bytes)
  expect(fileSystem).toMatchObject({ kind: 'ext4', uuid: uuids.generic, label: 'root' })
  const entries = await entriesOf(fileSystem)
  entries.delete('/lost+found')
  const { stdout } = await run('find', [tree, '-printf', '/%P\n'])
  expect([...entries.keys()].toSorted()).toEqual(stdout.trimEnd().split('\n').toSorted())
  for (const [path, { type, mode, uid, gid, size }] of entries) {
    const found = await lstat(join(tree, path))
    expect({ path, mode, uid, gid }).toEqual({ path, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid })
    if (type !== 'file') continue
    expect({ path, size }).toEqual({ path, size: found.size })
    if (size > 2 ** 20) continue
    expect(await textOf(fileSystem, entries.get(path))).toBe(await readFile(join(tree, path), 'latin1'))
  }
  expect(entries.get('/usr/share/one/another name')?.inode).toBe(entries.get('/a "name" with \\ and space')?.inode)
  expect(entries.get('/long-link')?.target).toBe(`/${'long-'.repeat(40)}`)
  expect((await textOf(fileSystem, entries.get('/holes'))).replaceAll('\0', '')).toBe(`begin${'x'.repeat(7 * 4_097)}`)
  expect(['/many', '/holes'].map((path) => attributesOf(entries.get(path)))).toEqual([
    { 'user.note': 'kept' },
    { 'user.note': 'kept too' },
  ])
})

it('leaves nearly all where it was when a package comes, another grows, and what no package has is another', async () => {
  const ec2 = join(folder, 'ec2')
  for (const name of [...packages, 'amazon']) await makePackage(ec2, name)
  await write(join(ec2, 'usr/share/package7/file2'), bytesOf('grown', 150_000))
  await write(join(ec2, 'boot/initrd'), bytesOf('another', 750_000))
  const disks = [await fillRoot(generic, uuids.generic), await fillRoot(ec2, uuids.ec2)] as const
  expect(await shareAtTheSamePlace(...disks, { blockSize: 65_536 })).toBeGreaterThan(0.8)
})

it('leaves most large stretches as they are when small packages come: these lie together', async () => {
  const [one, other] = [join(folder, 'large'), join(folder, 'large-and-more')]
  const large = Array.from({ length: 24 }, (_, number) => `large${String(number)}`)
  const more = Array.from({ length: 12 }, (_, number) => `more${String(number)}`)
  for (const tree of [one, other]) {
    for (const name of [...packages, ...(tree === other ? more : [])]) await makePackage(tree, name)
    for (const name of large) await makePackage(tree, name, { size: 3 * 1024 ** 2 })
  }
  const disks = [await fillRoot(one, uuids.generic), await fillRoot(other, uuids.ec2)] as const
  expect(await shareAtTheSamePlace(...disks, { blockSize: 4 * 1024 ** 2 })).toBeGreaterThan(0.6)
})

it('makes the same bits of the same tree, in whatever order its files were written', async () => {
  const again = join(folder, 'again')
  for (const name of packages.toReversed()) await makePackage(again, name)
  await write(join(again, 'boot/initrd'), bytesOf('one', 700_000))
  const digests = [generic, again].map(async (tree) => sha256OfFile(await fillRoot(tree, uuids.generic)))
  const [first, second] = await Promise.all(digests)
  expect(second).toBe(first)
})

it('refuses a name that it cannot say to debugfs', async () => {
  const tree = join(folder, 'line-break')
  await mkdir(tree)
  await writeFile(join(tree, 'line\nbreak'), '')
  await expect(fillRoot(tree, uuids.generic)).rejects.toThrow(/a name with a line break: b'\/line\\nbreak'/)
})

/** Installs a package as dpkg leaves it: some files, one as large as is asked for, their list, and what its scripts are. */
async function makePackage(tree: string, name: string, { size: asked = 0 } = {}): Promise<void> {
  const files = ['file1', 'file2', 'file3'].map((file) => `/usr/share/${name}/${file}`)
  for (const [index, path] of files.entries()) {
    const some = Number.parseInt(createHash('sha256').update(path).digest('hex').slice(0, 4), 16) * 4
    const size = index === 0 && asked > 0 ? asked : some
    await write(join(tree, path), bytesOf(path, size))
  }
  await write(join(tree, 'var/lib/dpkg/info', `${name}.list`), ['/.', '/usr', ...files].join('\n'))
  await write(join(tree, 'var/lib/dpkg/info', `${name}:amd64.postinst`), '#!/bin/sh')
}

async function write(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}

/** Bytes that are nowhere else. */
function bytesOf(name: string, size: number): Buffer {
  return createHash('shake256', { outputLength: size }).update(name).digest()
}

function fillRoot(tree: string, uuid: string): Promise<string> {
  return fillAt(tree, { uuid, time: epoch })
}
