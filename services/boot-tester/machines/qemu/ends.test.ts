import { expect, it } from 'vitest'
import { PermanentError, TransientError } from '#service/errors.ts'
import { ToolFailed, ToolMissing, type ToolEnd } from '#subprocess/errors.ts'
import { emulators } from './emulators.ts'
import { explainEnd, readEnd } from './ends.ts'

const plan = { emulator: emulators.x86_64, memoryMib: 1024 }

function failed(end: ToolEnd, tail = '') {
  return new ToolFailed('qemu-system-x86_64', end, tail, null)
}

it('a guest that ends by itself is told by how', () => {
  expect(readEnd('SHUTDOWN', { guest: true, reason: 'guest-shutdown' })).toBe('the guest powered itself off')
  expect(readEnd('SHUTDOWN', { guest: true, reason: 'guest-reset' })).toBe('the guest reset itself')
  expect(readEnd('SHUTDOWN', { guest: true, reason: 'subsystem-reset' })).toBe('the guest ended (subsystem-reset)')
})

it('a QEMU that was told to end says nothing about its guest', () => {
  expect(readEnd('SHUTDOWN', { guest: false, reason: 'host-signal' })).toBeNull()
  expect(readEnd('RTC_CHANGE', { offset: 0 })).toBeNull()
})

it('a full disk of the host is not held against the image', () => {
  const end = readEnd('BLOCK_IO_ERROR', { action: 'stop', nospace: true, reason: 'No space left on device' })
  expect(end).toBeInstanceOf(TransientError)
  expect(end).toMatchObject({ message: "the guest's disk failed: no space is left for its overlay" })
})

it('an error that QEMU reports to the guest is the business of the guest', () => {
  expect(readEnd('BLOCK_IO_ERROR', { action: 'report', nospace: false, reason: 'x' })).toBeNull()
})

it('what may pass is tried again, and what cannot is left to a person', () => {
  expect(explainEnd(failed({ why: 'signal', signal: 'SIGKILL' }), plan)).toBeInstanceOf(TransientError)
  const memory = explainEnd(
    failed({ why: 'exit', code: 1 }, "cannot set up guest memory 'pc.ram': Cannot allocate memory"),
    plan,
  )
  expect(memory).toBeInstanceOf(TransientError)
  expect(memory).toMatchObject({ message: expect.stringContaining('no memory for a guest of 1024 MiB') as string })
  expect(explainEnd(failed({ why: 'exit', code: 1 }, 'invalid option'), plan)).toBeInstanceOf(PermanentError)
  expect(explainEnd(new ToolMissing('qemu-system-x86_64'), plan)).toMatchObject({
    failureClass: 'environment',
    message: 'qemu-system-x86_64 is not installed: install qemu-system-x86',
  })
})
