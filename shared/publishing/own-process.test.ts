import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { Progress } from '#bus/bus.ts'
import { TransientError } from '#service/errors.ts'
import { failureClassOf } from '#service/failure.ts'
import { callInOwnProcess } from './own-process.ts'

const program = join(import.meta.dirname, 'testing', 'answering.ts')
const folder = await mkdtemp(join(tmpdir(), 'imagedrop-own-process-'))
const log = join(folder, 'log')
afterAll(() => rm(folder, { recursive: true }))

async function ask(say: string, change: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {}) {
  return await callInOwnProcess(program, {
    request: { say },
    env: { GIVEN: 'yes' },
    signal: new AbortController().signal,
    log,
    idleDeadline: 60_000,
    onProgress: () => undefined,
    ...change,
  })
}

it('gives the result and the progress, whatever the program prints', async () => {
  const seen: Progress[] = []
  expect(await ask('hello', { onProgress: (progress) => seen.push(progress) })).toEqual({ said: 'hello' })
  expect(seen.map(({ phase, done }) => [phase, done])).toEqual([
    ['beginning', undefined],
    ['sending', 1],
    ['sending', 2],
  ])
  const said = await readFile(log, 'utf8')
  expect(said).toContain('printed')
  expect(said).toContain('beginning')
})

it('gives the process the environment that it is to have, and nothing else of ours', async () => {
  process.env['IMAGEDROP_OWN_PROCESS_SECRET'] = 'x'
  const env = await ask('environment')
  expect(env).toMatchObject({ GIVEN: 'yes' })
  expect(env).not.toHaveProperty('IMAGEDROP_OWN_PROCESS_SECRET')
})

it.each([
  ['transient', 'transient', 'not now'],
  ['refused', 'refused', 'not you'],
  ['tool', 'environment', 'qemu-img is not installed'],
  ['bug', 'bug', 'x is not a function'],
])('rejects with an error of the class that it has in the process: %s', async (say, failureClass, message) => {
  const error: unknown = await ask(say).catch((thrown: unknown) => thrown)
  expect(failureClassOf(error)).toBe(failureClass)
  expect(error).toHaveProperty('message', expect.stringContaining(message))
})

it('is to be tried again when the process ends without a word, and names how it died otherwise', async () => {
  await expect(ask('nothing')).rejects.toThrow(TransientError)
  await expect(ask('death')).rejects.toThrow(/ended with status 3/)
})

it('ends the process when its job is stopped', async () => {
  const abort = new AbortController()
  const waiting = ask('wait', {
    signal: abort.signal,
    onProgress: ({ done }) => {
      if (done === 2) abort.abort(new Error('enough'))
    },
  })
  await expect(waiting).rejects.toThrow('enough')
})
