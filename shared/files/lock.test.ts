import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tryLock, withLock } from './lock.ts'

let path: string
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'imagedrop-lock-')), 'base.lock')
})
afterEach(async () => {
  await rm(join(path, '..'), { recursive: true, force: true })
})

/** A process that takes the lock if it can, says so, and holds it until it is killed. */
function startTaker() {
  const program = `
    import { tryLock } from ${JSON.stringify(join(import.meta.dirname, 'lock.ts'))}
    console.log(tryLock(${JSON.stringify(path)}) ? 'taken' : 'refused')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program])
  const said = once(child.stdout, 'data').then(([data]) => String(data).trim())
  return {
    said,
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

it('of many processes that start together, one gets the lock; when it is killed, the next one does', async () => {
  for (let round = 0; round < 3; round += 1) {
    const takers = Array.from({ length: 6 }, startTaker)
    const said = await Promise.all(takers.map((taker) => taker.said))
    expect(said.toSorted()).toEqual(['refused', 'refused', 'refused', 'refused', 'refused', 'taken'])
    expect(tryLock(path)).toBeNull()
    await Promise.all(takers.map((taker) => taker.kill()))
  }
  using lock = tryLock(path)
  expect(lock).not.toBeNull()
})

it('lets one work at a time within a process, too', async () => {
  let working = 0
  let most = 0
  const work = async () => {
    working += 1
    most = Math.max(most, working)
    await sleep(20)
    working -= 1
  }
  await Promise.all([1, 2, 3].map(() => withLock(path, AbortSignal.timeout(10_000), work)))
  expect(most).toBe(1)
})

it('gives up waiting when told to, and opens again after an error', async () => {
  const failing = withLock(path, AbortSignal.timeout(10_000), async () => {
    await expect(withLock(path, AbortSignal.timeout(50), () => Promise.resolve())).rejects.toThrow(/abort/i)
    throw new Error('did not work')
  })
  await expect(failing).rejects.toThrow('did not work')
  expect(await withLock(path, AbortSignal.timeout(10_000), () => Promise.resolve(7))).toBe(7)
})
