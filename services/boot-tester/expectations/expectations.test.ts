import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { covers, readExpectations } from './expectations.ts'

const systems = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml'))

it.each(systems)('%s can be read, and every exception in it has a reason', async (name) => {
  const expected = await readExpectations(name.replace('.yaml', ''))
  expect(expected?.privileged.every(({ reason }) => reason.length > 10)).toBe(true)
})

it.each(['arch', '../expectations/debian', ''])('of %j nothing is written down', async (id) => {
  expect(await readExpectations(id)).toBeNull()
})

it('a pattern covers what is within one name with one star, and anything with two', () => {
  const isListed = covers([{ names: ['/usr/bin/*', '/opt/**'], reason: 'a test' }])
  expect(['/usr/bin/su', '/usr/bin/a/b', '/opt/a/b', '/usr/sbin/su'].filter(isListed)).toEqual([
    '/usr/bin/su',
    '/opt/a/b',
  ])
})
