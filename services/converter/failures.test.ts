import { expect, it } from 'vitest'
import { PermanentError, TransientError } from '#service/errors.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { explainFailure, NotTheDisk } from './failures.ts'

it('calls a file that does not decode to its disk a bug of ours', () => {
  const error = explainFailure(new NotTheDisk('the qcow2 is another disk'))
  expect(error).toMatchObject({ failureClass: 'bug', message: 'the qcow2 is another disk' })
})

it('has a tool that somebody killed tried again', () => {
  const killed = new ToolFailed('xz', { why: 'signal', signal: 'SIGKILL' }, '', null)
  expect(explainFailure(killed)).toBeInstanceOf(TransientError)
})

it.each([
  { why: 'idle' as const, milliseconds: 60_000 },
  { why: 'deadline' as const, milliseconds: 60_000 },
])('calls a tool that met its $why deadline stuck', (end) => {
  const error = explainFailure(new ToolFailed('qemu-img', end, '', null))
  expect(error).toBeInstanceOf(PermanentError)
  expect(error).toMatchObject({ failureClass: 'stuck', message: expect.stringContaining('60 s') as string })
})

it('finds a full disk in the words of a tool and behind the errors that wrap it', () => {
  const words = 'qemu-img: error while writing at byte 8060928: No space left on device'
  const tool = new ToolFailed('qemu-img', { why: 'exit', code: 1 }, words, null)
  const own = new Error('cannot write /x', { cause: Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }) })
  for (const error of [tool, own]) expect(explainFailure(error)).toMatchObject({ failureClass: 'capacity' })
})

it('gives back what it does not know', () => {
  const unknown = new Error('what is this?')
  expect(explainFailure(unknown)).toBe(unknown)
  const tool = new ToolFailed('qemu-img', { why: 'exit', code: 1 }, 'never seen', null)
  expect(explainFailure(tool)).toBe(tool)
})
