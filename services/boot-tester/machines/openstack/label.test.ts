import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { isAbandoned, newLabel } from './label.ts'

const now = new Date('2026-11-26T12:00:00Z')
const later = new Date('2026-11-26T13:00:00Z')

it('what a running process has made stays until its time is over', () => {
  const label = newLabel('c0ffee', later)
  expect(isAbandoned(label, now)).toBe(false)
  expect(isAbandoned(label, new Date(later.getTime() + 1000))).toBe(true)
})

it('what a process of this host has left is abandoned when it has ended, also where another has its number now', async () => {
  const child = spawn('true')
  await once(child, 'exit')
  const own = newLabel('c0ffee', later).split('-')
  const withPid = (pid: number, start: string) => [...own.slice(0, -2), String(pid), start].join('-')
  expect(isAbandoned(withPid(child.pid ?? 0, '1'), now)).toBe(true)
  expect(isAbandoned(withPid(process.pid, '1'), now)).toBe(true)
})

it('of other hosts only the time is known', () => {
  const parts = newLabel('c0ffee', later).split('-')
  const [host = ''] = parts.splice(-3, 1, '00000000')
  expect(host).toMatch(/^[0-9a-f]{8}$/)
  expect(isAbandoned(parts.join('-'), now)).toBe(false)
})

it.each([
  '',
  'web',
  'imagedrop-boot-test',
  'imagedrop-boot-test-x-1-00000000-1-1',
  'my imagedrop-boot-test-c0ffee-1-00000000-1-1',
])('nothing of others is ever taken for ours: %j', (name) => {
  expect(isAbandoned(name, now)).toBe(false)
})
