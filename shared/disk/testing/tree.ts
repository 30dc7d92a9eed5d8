import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { link, mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { run } from '#subprocess/run.ts'
import type { Entry, FileSystem } from '../file-system.ts'

/** Files that every reader of file systems has to read. */
export async function makeTree(tree: string): Promise<void> {
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
}

/** Holds a file system to the tree that it was made of. */
export async function expectTree(fileSystem: FileSystem, tree: string): Promise<Map<string, Entry>> {
  const entries = await entriesOf(fileSystem)
  entries.delete('/lost+found')
  expect([...entries.keys()]).toContain('/latin1-\udce9')
  expect(entries.get('/small')?.inode).toBe(entries.get('/many/same')?.inode)
  expect(entries.size).toBe(415)
  for (const [path, { type, mode, uid, gid, size, target }] of entries) {
    if (path === '/' || path.includes('\udce9')) continue
    const found = lstatSync(join(tree, path))
    expect({ mode, uid, gid }).toEqual({ mode: found.mode & 0o7777, uid: found.uid, gid: found.gid })
    if (type === 'file') expect({ path, size }).toEqual({ path, size: found.size })
    if (type === 'symlink') expect(target).toBe(readlinkSync(join(tree, path)))
  }
  for (const name of ['empty', 'small', 'large', 'odd', 'line\nbreak']) {
    const text = await textOf(fileSystem, entries.get(`/${name}`))
    expect({ name, text }).toEqual({ name, text: readFileSync(join(tree, name), 'latin1') })
  }
  expect((await textOf(fileSystem, entries.get('/holes'))).replace(/\0+$/, '')).toBe('begin')
  expect(entries.get('/fifo')?.type).toBe('fifo')
  return entries
}

/** All entries by their paths. */
export async function entriesOf(fileSystem: FileSystem): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  for await (const entry of fileSystem.entries()) entries.set(entry.path, entry)
  return entries
}

/** What a file holds, without a hole at the end, of which there may be much. */
export async function textOf(fileSystem: FileSystem, entry: Entry | undefined): Promise<string> {
  const pieces: Buffer[] = []
  for await (const { position, bytes } of entry ? fileSystem.read(entry) : []) {
    pieces.push(Buffer.alloc(position - Buffer.concat(pieces).length), bytes)
  }
  return Buffer.concat(pieces).toString('latin1')
}

/** The extended attributes of an entry, as texts. */
export function attributesOf(entry: Entry | undefined): Record<string, string> {
  return Object.fromEntries([...(entry?.attributes ?? [])].map(([name, value]) => [name, value.toString('latin1')]))
}
