import { expect, it } from 'vitest'
import { allow, readAllowances } from './allowances.ts'
import type { Difference } from './comparison.ts'

const one = (name: string, more: Partial<Difference> = {}): Difference => {
  return { section: 'files', name, aspect: 'presence', a: null, b: 'there', package: null, ...more }
}

/** The names that are allowed, by the reason, and those that are not. */
function sort(...[differences, allowances]: Parameters<typeof allow>) {
  const { differences: rest, allowed } = allow(differences, allowances)
  const names = (list: readonly Difference[]) => list.map(({ name }) => name)
  return { rest: names(rest), ...Object.fromEntries(allowed.map((group) => [group.reason, names(group.differences)])) }
}

it('allows by section, name and aspect, and gives the first reason', () => {
  const differences = [
    one('/var/log/a', { aspect: 'content' }),
    one('/var/log/b', { aspect: 'owner' }),
    one('/var/log/deep/c', { aspect: 'content' }),
    one('/var/log', { section: 'units', aspect: 'content' }),
  ]
  const logs = { section: 'files', names: ['/var/log/*'], aspects: ['content'], reason: 'logs' } as const
  expect(sort(differences, [{ ...logs, names: [...logs.names], aspects: [...logs.aspects] }])).toEqual({
    logs: ['/var/log/a'],
    rest: ['/var/log/b', '/var/log/deep/c', '/var/log'],
  })
  const all = { section: 'files' as const, reason: 'all' }
  const deep = { section: 'files' as const, names: ['/var/log/**'], reason: 'deep' }
  expect(sort(differences, [deep, all])).toEqual({
    deep: ['/var/log/a', '/var/log/b', '/var/log/deep/c'],
    rest: ['/var/log'],
  })
})

it('takes every other character of a pattern as it is', () => {
  const allowance = { section: 'files' as const, names: ['/a+b.(c)'], reason: 'odd' }
  expect(sort([one('/a+b.(c)'), one('/aab-(c)')], [allowance])).toEqual({ odd: ['/a+b.(c)'], rest: ['/aab-(c)'] })
})

it('allows the files of a package that is allowed, and not those of others', () => {
  const differences = [
    one('perl:amd64', { section: 'packages' }),
    one('sudo:amd64', { section: 'packages' }),
    one('/usr/bin/perl', { package: 'perl:amd64' }),
    one('/usr/bin/sudo', { package: 'sudo:amd64' }),
  ]
  const allowance = { section: 'packages' as const, names: ['perl:*'], reason: 'needed' }
  expect(sort(differences, [allowance])).toEqual({
    needed: ['perl:amd64', '/usr/bin/perl'],
    rest: ['sudo:amd64', '/usr/bin/sudo'],
  })
})

it('allows a directory that is there only for what is allowed, however deep that lies', () => {
  const differences = [
    one('/only'),
    one('/only/deep'),
    one('/only/deep/allowed'),
    one('/both'),
    one('/both/allowed'),
    one('/both/else'),
    one('/empty'),
  ]
  const allowance = { section: 'files' as const, names: ['/*/allowed', '/*/*/allowed'], reason: 'why' }
  expect(sort(differences, [allowance])).toEqual({
    why: ['/only', '/only/deep', '/only/deep/allowed', '/both/allowed'],
    rest: ['/both', '/both/else', '/empty'],
  })
})

it('comes with a list in which every reason stands once', async () => {
  const { builds, engines } = await readAllowances()
  const reasons = [...builds, ...engines].map(({ reason }) => reason)
  expect(reasons.length).toBeGreaterThan(10)
  expect(new Set(reasons).size).toBe(reasons.length)
})
