import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { moveDurably, readIfThere, writeDurably } from './durable.ts'
import { hasCode, isDiskFull, isMissing } from './errors.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-durable-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('a file that many write at once is at any moment what one of them wrote, and nothing stays beside it', async () => {
  const path = join(folder, 'state')
  const texts = Array.from({ length: 20 }, (_, index) => String(index % 10).repeat(200_000))
  await writeDurably(path, texts[0] ?? '')
  const readWhole = async () => {
    expect(new Set(await readFile(path, 'utf8')).size).toBe(1)
    return false
  }
  const writing = Promise.all(texts.map((text) => writeDurably(path, text)))
  const isOver = writing.then(() => true)
  while (!(await Promise.race([isOver, readWhole()])));
  expect((await stat(path)).size).toBe(200_000)
  expect(await readdir(folder)).toEqual(['state'])
})

it('what cannot be put in place leaves what was there, and nothing beside it', async () => {
  const path = join(folder, 'state')
  await mkdir(path)
  await expect(writeDurably(path, 'new')).rejects.toSatisfy((error) => hasCode(error, 'EISDIR'))
  expect(await readdir(folder)).toEqual(['state'])
})

it('the folder of a file is made, and what is not there reads as nothing', async () => {
  const path = join(folder, 'new', 'state')
  expect(await readIfThere(path)).toBeNull()
  await writeDurably(path, 'new')
  expect(String(await readIfThere(path))).toBe('new')
  await expect(readIfThere(folder)).rejects.toSatisfy((error) => hasCode(error, 'EISDIR'))
})

it('a file that is moved replaces what had the name', async () => {
  await writeFile(join(folder, 'draft'), 'new')
  await writeFile(join(folder, 'kept'), 'old')
  await moveDurably(join(folder, 'draft'), join(folder, 'kept'))
  expect(await readdir(folder)).toEqual(['kept'])
  expect(await readFile(join(folder, 'kept'), 'utf8')).toBe('new')
})

it('a full disk is told from other errors', async () => {
  const full = await writeFile('/dev/full', 'text').catch((error: unknown) => error)
  expect([isDiskFull(full), isMissing(full), isDiskFull(new Error('ENOSPC')), isDiskFull(null)]).toEqual([
    true,
    false,
    false,
    false,
  ])
})
