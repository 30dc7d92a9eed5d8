import { copyFile, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { openBytes } from '../bytes.ts'
import type { Entry } from '../file-system.ts'
import { expectToSurvive } from '../testing/damage.ts'
import { attributesOf, entriesOf, textOf } from '../testing/tree.ts'
import { openXfs } from './xfs.ts'

const large = Buffer.alloc(1_500_000, 'not all the same ')
// Longer ones, which get blocks of their own, mkfs writes wrongly.
const longTarget = `/${'long-'.repeat(60)}`
let folder: string
let disk: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-xfs-'))
  await writeFile(join(folder, 'small'), 'a few bytes')
  await writeFile(join(folder, 'large'), large)
  const many = Array.from(
    { length: 400 },
    (_, index) => `a-name-of-some-length-${String(index)} ---644 0 0 ${folder}/small`,
  )
  disk = await make('xfs.raw', [
    `small -u-755 70000 7 ${folder}/small`,
    `large ---600 0 0 ${folder}/large`,
    'short-link l--777 0 0 small',
    `long-link l--777 0 0 ${longTarget}`,
    'disk b--660 0 6 259 70000',
    'tty c--620 0 5 5 1',
    'fifo p--644 0 0',
    'few d--755 0 0',
    `one ---640 1 2 ${folder}/small`,
    '$',
    'many d--777 0 0',
    ...many,
    '$',
  ])
  const change = async (path: string, requests: readonly string[]) => {
    await run('xfs_db', ['-x', ...[`path ${path}`, ...requests].flatMap((request) => ['-c', request]), disk])
  }
  await change('/small', ['attr_set -u -v 4 short', 'attr_set -s -v 20 capability'])
  await change('/large', [
    'attr_set -s -v 30 selinux',
    ...Array.from({ length: 40 }, (_, index) => `attr_set -u -v 200 a${String(index)}`),
    'attr_set -r -v 9000 long',
  ])
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** So small a file system is made for nobody but tests. */
const forTests = { TEST_DIR: '/', TEST_DEV: '/', QA_CHECK_FS: '1' }

async function make(name: string, lines: readonly string[], options: readonly string[] = []): Promise<string> {
  const path = join(folder, name)
  await writeFile(`${path}.proto`, `boot\n0 0\nd--755 0 0\n${lines.join('\n')}\n$\n`)
  await writeFile(path, '')
  await truncate(path, 32 * 1024 ** 2)
  const named = ['-L', 'label', '-m', 'uuid=01234567-89ab-cdef-0123-456789abcdef']
  await run('mkfs.xfs', ['-q', ...named, ...options, '-p', `${path}.proto`, path], { env: forTests })
  return path
}

it('reads as mkfs was told to make it: owners, modes, links, devices, names and what files hold', async () => {
  await using bytes = await openBytes(disk)
  const fileSystem = await openXfs(bytes)
  expect(fileSystem).toMatchObject({ kind: 'xfs', uuid: '01234567-89ab-cdef-0123-456789abcdef', label: 'label' })
  const entries = await entriesOf(fileSystem)
  expect(entries.size).toBe(411)
  const expected: Record<string, Partial<Entry>> = {
    '/': { type: 'directory', mode: 0o755 },
    '/small': { type: 'file', mode: 0o4755, uid: 70_000, gid: 7, size: 11 },
    '/large': { type: 'file', mode: 0o600, size: large.length },
    '/short-link': { type: 'symlink', target: 'small' },
    '/long-link': { type: 'symlink', target: longTarget },
    '/disk': { type: 'block device', mode: 0o660, gid: 6, device: '259:70000' },
    '/tty': { type: 'character device', gid: 5, device: '5:1' },
    '/fifo': { type: 'fifo' },
    '/few/one': { type: 'file', mode: 0o640, uid: 1, gid: 2 },
    '/many': { type: 'directory', mode: 0o777 },
    '/many/a-name-of-some-length-399': { type: 'file', size: 11 },
  }
  for (const [path, entry] of Object.entries(expected)) expect(entries.get(path)).toMatchObject({ path, ...entry })
  expect(await textOf(fileSystem, entries.get('/small'))).toBe('a few bytes')
  expect(await textOf(fileSystem, entries.get('/large'))).toBe(large.toString('latin1'))
})

it('reads attributes beside an inode, in blocks and in blocks of their own', async () => {
  await using bytes = await openBytes(disk)
  const entries = await entriesOf(await openXfs(bytes))
  const sizes = (path: string) =>
    Object.fromEntries(Object.entries(attributesOf(entries.get(path))).map(([name, value]) => [name, value.length]))
  expect(sizes('/small')).toEqual({ 'user.short': 4, 'security.capability': 20 })
  expect(sizes('/large')).toEqual({
    'security.selinux': 30,
    'trusted.long': 9_000,
    ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`user.a${String(index)}`, 200])),
  })
  expect(attributesOf(entries.get('/large'))['trusted.long']).toBe('v'.repeat(9_000))
})

async function changed(at: number, bytes: readonly number[]): Promise<string> {
  const path = join(folder, 'changed.raw')
  await copyFile(disk, path)
  await using file = await open(path, 'r+')
  await file.write(Buffer.from(bytes), 0, bytes.length, at)
  return path
}

it.each([
  ['an older version', 101, [0xa4], 'is of version 4; 5 can be read'],
  ['a feature that it does not know', 216, [0x80, 0, 0, 1], 'are not understood: 0x80000000'],
  ['one that needs to be repaired', 219, [0x13], 'says that it needs to be repaired'],
])('refuses %s', async (_, at, bytes, message) => {
  await using file = await openBytes(await changed(at, bytes))
  await expect(openXfs(file)).rejects.toThrow(message)
})

it('refuses one that was not unmounted', async () => {
  const record = (await readFile(disk)).lastIndexOf(Buffer.from('feedbabe', 'hex'))
  // The flags of the only operation in the last record of the log.
  await using file = await openBytes(await changed(record + 512 + 9, [0]))
  await expect(openXfs(file)).rejects.toThrow('its log holds what it lacks')
})

it('refuses a disk that is cut short', async () => {
  const path = await changed(0, [])
  await truncate(path, 8 * 1024 ** 2)
  await using file = await openBytes(path)
  await expect(openXfs(file)).rejects.toThrow('the disk is cut short')
})

it('ends, and says that it cannot read, whatever damage there is', async () => {
  await expectToSurvive(await readFile(disk), openXfs, 30)
})
