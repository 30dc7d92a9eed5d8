import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { guestDamages } from '../testing/damages/guest.ts'
import type { Answer } from './check.ts'
import { checks, laterChecks } from './index.ts'

/**
 * What two guests of one image said under test: as it was built, and damaged in every way that goes together. What `selinux`
 * heard is of a Debian with SELinux: first as it booted, without being enforced; then labelled, enforced, and with empty logs.
 */
function recorded(guest: 'good' | 'damaged'): Readonly<Record<string, Answer | undefined>> {
  const path = join(import.meta.dirname, '..', 'testing', 'recorded', `${guest}.json`)
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, Answer>
}

const subject = { imageBytes: 537_886_720, diskBytes: 2_685_370_368, reportedAs: /DataSourceNoCloud/ }
const guestChecks = checks.filter((check) => check.on === 'guest')
const [good, damaged] = [recorded('good'), recorded('damaged')]

it.each(guestChecks.map((check) => [check.name, check] as const))('%s passes what a good guest said', (name, check) => {
  const answer = good[name]
  if (answer === undefined) throw new Error('it was not recorded')
  expect(check.judge(answer, subject)).toMatchObject({ outcome: 'passed' })
})

it.each(guestChecks.filter(({ name }) => damaged[name]).map((check) => [check.name, check] as const))(
  '%s fails what a damaged guest said',
  (name, check) => {
    expect(check.judge(damaged[name] ?? { status: 0, output: '' }, subject)).toMatchObject({ outcome: 'failed' })
  },
)

it('no check of a guest is without a damage', () => {
  expect([...new Set(guestDamages.map(({ finds }) => finds[0]))].toSorted()).toEqual(
    [...checks, ...laterChecks].map(({ name }) => name).toSorted(),
  )
})
