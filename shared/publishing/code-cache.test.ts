import { chmod, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openCodeCache } from './code-cache.ts'

const folder = await mkdtemp(join(tmpdir(), 'imagedrop-code-cache-'))
afterAll(() => rm(folder, { recursive: true }))

it('gives a folder that nobody else can write to, and forgets what is older than a month', async () => {
  const cache = join(folder, 'state', 'code')
  expect(await openCodeCache(cache)).toBe(cache)
  expect((await stat(cache)).mode & 0o077).toBe(0)
  for (const name of ['new', 'old']) await writeFile(join(cache, name), '')
  const then = new Date(Date.now() - 31 * 24 * 3_600_000)
  await utimes(join(cache, 'old'), then, then)
  expect(await openCodeCache(cache)).toBe(cache)
  expect(await readdir(cache)).toEqual(['new'])
})

it('gives none where others could put code, and none where there can be no folder', async () => {
  const open = join(folder, 'open')
  await openCodeCache(open)
  await chmod(open, 0o777)
  expect(await openCodeCache(open)).toBeNull()
  await writeFile(join(folder, 'file'), '')
  expect(await openCodeCache(join(folder, 'file', 'code'))).toBeNull()
})
