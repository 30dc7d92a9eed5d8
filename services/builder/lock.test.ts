import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { withLock } from './lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-lock-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

it('lets one work at a time, and leaves nothing behind', async () => {
  let working = 0
  let most = 0
  const work = async () => {
    working += 1
    most = Math.max(most, working)
    await sleep(20)
    working -= 1
  }
  const path = join(folder, 'base.lock')
  await Promise.all([1, 2, 3].map(() => withLock(path, AbortSignal.timeout(10_000), work)))
  expect(most).toBe(1)
  expect(await readdir(folder)).toEqual([])
})

it('takes over the lock of a process that died', async () => {
  const path = join(folder, 'base.lock')
  // No process has the id 0, so nobody can have started it at that time.
  await writeFile(path, `${hostname()}/0/1`)
  expect(await withLock(path, AbortSignal.timeout(10_000), () => Promise.resolve('mine'))).toBe('mine')
})

it('gives up waiting when told to, and opens again after an error', async () => {
  const path = join(folder, 'base.lock')
  const failing = withLock(path, AbortSignal.timeout(10_000), async () => {
    await expect(withLock(path, AbortSignal.timeout(50), () => Promise.resolve())).rejects.toThrow(/abort/i)
    throw new Error('did not work')
  })
  await expect(failing).rejects.toThrow('did not work')
  expect(await withLock(path, AbortSignal.timeout(10_000), () => Promise.resolve(7))).toBe(7)
})
