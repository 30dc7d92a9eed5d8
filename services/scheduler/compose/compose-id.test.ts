import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatComposeId, parseComposeId, readComposeId, type ComposeId } from './compose-id.ts'

it.each<[string, Partial<ComposeId>]>([
  ['Fedora-Rawhide-20180426.n.0', { short: 'Fedora', version: 'Rawhide', type: 'nightly', respin: 0 }],
  ['Fedora-28-20180425.0', { short: 'Fedora', version: '28', type: 'production', date: '20180425' }],
  ['Fedora-28-20180321.n.1', { version: '28', type: 'nightly', respin: 1 }],
  ['Fedora-41-20240911.0', { version: '41', type: 'production', releaseType: 'ga' }],
  ['Fedora-Cloud-39-20231130.0', { short: 'Fedora-Cloud', version: '39' }],
  ['Fedora-IoT-Rawhide-20231130.n.0', { short: 'Fedora-IoT', version: 'Rawhide' }],
  ['Fedora-39-updates-testing-20240214.0', { version: '39', releaseType: 'updates-testing', type: 'production' }],
  ['Fedora-39-updates-20240214.0', { version: '39', releaseType: 'updates' }],
  ['Fedora-Rawhide-20160301.t.2', { type: 'test', respin: 2 }],
  ['Fedora-Rawhide-20160301.ci.0', { type: 'ci' }],
  ['Fedora-Rawhide-20160301.d.0', { type: 'development' }],
  ['Fedora-24-20160301.nightly', { type: 'nightly', respin: 0 }],
  ['RHSCL-2.0-RHEL-7-20150101.0', { short: 'RHSCL', version: '2.0', base: 'RHEL-7' }],
  ['Debian-12-20260711.n.0', { short: 'Debian', version: '12', type: 'nightly' }],
])('%s is read', (id, expected) => {
  expect(parseComposeId(id)).toMatchObject(expected)
})

it.each([
  '',
  'Fedora',
  'Fedora-Rawhide',
  '../Fedora-Rawhide-20180426.n.0',
  'Fedora-../../etc-20180426.n.0',
  'Fedora-Rawhide-20180426.n.0/../..',
  'Fedora-Rawhide-20180426.n.0\n',
  'Fedora-Rawhide-20181326.n.0',
  'Fedora-Rawhide-20180230.n.0',
  'Fedora-Rawhide-20180426.x.0',
  'Fedora-Rawhide-20180426.n.-1',
  '-Rawhide-20180426.n.0',
  'Fedora-Rawhide-2018.n.0',
  `Fedora-Rawhide${'a'.repeat(300)}-20180426.n.0`,
])('%j is refused as a compose id, with its value', (id) => {
  expect(() => parseComposeId(id)).toThrow(/^compose_id: .*, got "/)
  expect(() => parseComposeId(id)).toThrow(expect.objectContaining({ failureClass: 'refused' }))
})

const word = fc.stringMatching(/^[A-Z][a-z]{1,8}$/)
const number = fc.integer({ min: 1, max: 200 }).map(String)
const composeIds: fc.Arbitrary<ComposeId> = fc.record({
  short: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('-')),
  version: fc.oneof(
    fc.constant('Rawhide'),
    number,
    fc.tuple(number, number).map((parts) => parts.join('.')),
  ),
  releaseType: fc.constantFrom('ga', 'updates', 'updates-testing', 'eus'),
  base: fc.constant(null),
  date: fc
    .date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10).replaceAll('-', '')),
  type: fc.constantFrom('production', 'nightly', 'test', 'ci', 'development'),
  respin: fc.nat(999),
})

describe('any compose id', () => {
  it('is the same after it was written and read', () => {
    fc.assert(
      fc.property(composeIds, (id) => {
        expect(parseComposeId(formatComposeId(id))).toEqual(id)
      }),
    )
  })

  it('with a base product is the same after it was written and read', () => {
    fc.assert(
      fc.property(composeIds, word, number, (id, base, version) => {
        const layered = { ...id, version: '2.0', base: `${base}-${version}` }
        expect(parseComposeId(formatComposeId(layered))).toEqual(layered)
      }),
    )
  })

  it('never lets a path through', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        for (const id of [`${before}/${after}`, `${before}..${after}`, `Fedora-${before}/${after}-20180426.n.0`]) {
          expect(readComposeId(id)).toBeNull()
        }
      }),
    )
  })

  it('is read or refused, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9.-]{0,40}$/)), (text) => {
        expect(readComposeId(text) === null || /^[A-Za-z][A-Za-z0-9.-]*$/.test(text)).toBe(true)
      }),
    )
  })
})
