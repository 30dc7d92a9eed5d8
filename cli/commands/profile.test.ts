import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dropRequested } from '#events/operator.ts'
import { run } from '#subprocess/run.ts'
import { nullAssemble } from '#test/bench/null-services.ts'
import { house } from '#test/support/house.ts'
import { askInLedger } from '../ask.ts'
import type { Profile } from '../profile/profile.ts'
import { sumOf } from '../profile/service-times.ts'
import { startStack } from '../stack.ts'

const program = join(import.meta.dirname, '..', 'imagedrop.js')
const drop = 'weekly-Debian-12-20260711.n.0'
const folder = await mkdtemp(join(tmpdir(), 'imagedrop-profile-'))
const state = join(folder, 'state')
afterAll(() => rm(folder, { recursive: true }))

/** A drop through the whole line in one process, with steps that do nothing. */
beforeAll(async () => {
  const stack = await startStack({
    stateFolder: state,
    services: house,
    run: house.names,
    env: { IMAGEDROP_SCHEDULER_ALLOWED_LOCATIONS: folder },
    log: pino({ level: 'silent' }),
    assembleFor: (name) => Promise.resolve(nullAssemble(name)),
  })
  const announced = Promise.withResolvers<undefined>()
  await stack.bus.subscribe({
    service: 'test',
    subjects: ['drop.announced.v1'],
    deliver: () => {
      announced.resolve(undefined)
      return Promise.resolve()
    },
  })
  const message = { compose_id: 'Debian-12-20260711.n.0', location: folder, status: 'FINISHED' }
  await askInLedger(stack.ledger, dropRequested, { topic: 'pungi.compose.status.change', message, images: null })
  await announced.promise
  await stack.stop(1_000)
}, 60_000)

async function profile(...args: string[]) {
  const { stdout } = await run(process.execPath, [program, 'profile', drop, '--state', state, ...args])
  return stdout
}

it('shows a drop that went through the whole line, from its first event to its announcement', async () => {
  const lines = (await profile()).split('\n')
  expect(lines[0]).toMatch(/^weekly-Debian-12-20260711\.n\.0: .* to its announcement$/)
  expect(lines.at(-2)).toMatch(/^critical path .* is waiting; the longest step is /)
  // Not a terminal: nothing but text.
  expect(lines.join('')).not.toContain('\u001B')
})

it('finds the way from the plan to the announcement through every step', async () => {
  const found = JSON.parse(await profile('--json')) as Profile
  const path = found.criticalPath.map(({ service }) => service)
  expect(path.slice(0, 3)).toEqual(['scheduler', 'builder', expect.stringMatching(/^(boot-tester|converter)$/)])
  // Which publisher is the last is a race.
  expect(path.slice(-3)).toEqual([expect.stringMatching(/-publisher$/), 'scheduler', 'announcer'])
  const whole = Date.parse(String(found.until)) - Date.parse(String(found.from))
  expect(sumOf(found.criticalPath, 'waiting') + sumOf(found.criticalPath, 'running')).toBe(whole)
  const ended = found.jobs.filter((job) => job.state === 'done')
  expect(new Set(ended.map((job) => job.process))).toEqual(new Set([`${hostname()}/${String(process.pid)}`]))
})

it('writes the picture beside what it prints', async () => {
  const file = join(folder, 'profile.svg')
  expect(await profile('--svg', file)).toContain('CRITICAL PATH')
  expect(await readFile(file, 'utf8')).toMatch(/^<svg\s[^]*<\/svg>\n$/)
})

it('knows no drop that there is not', async () => {
  const failed = await run(process.execPath, [program, 'profile', 'none', '--state', state]).catch(
    (error: unknown) => error,
  )
  expect(failed).toMatchObject({ end: { why: 'exit', code: 2 } })
})
