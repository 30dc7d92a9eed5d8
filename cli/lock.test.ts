import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lockServices } from './lock.ts'

let state: string
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'imagedrop-services-'))
})
afterEach(async () => {
  await rm(state, { recursive: true, force: true })
})

it('who comes second is told which process runs the service, and gets none of those that are free', async () => {
  using _first = await lockServices(state, ['converter'])
  await expect(lockServices(state, ['builder', 'converter'])).rejects.toThrow(
    `process ${String(process.pid)} already runs the converter on ${state}`,
  )
  using _builder = await lockServices(state, ['builder'])
})

it('what was let go can be taken again', async () => {
  const first = await lockServices(state, ['scheduler', 'builder'])
  first[Symbol.dispose]()
  using _second = await lockServices(state, ['builder', 'scheduler'])
  expect(await readdir(join(state, 'locks'))).toHaveLength(4)
})
