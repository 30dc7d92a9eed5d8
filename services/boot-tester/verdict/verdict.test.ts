import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CheckResult } from '#events/vocabulary.ts'
import type { Found } from './found.ts'
import { parseKnownFailures, readKnownFailures, type KnownFailure } from './known-failures.ts'
import { reachVerdict } from './reach-verdict.ts'
import type { Rules } from './waive.ts'

const names = ['ssh', 'units', 'age', 'fresh'] as const

const rules: Rules = {
  weights: [
    { name: 'ssh' },
    { name: 'units', severity: 'error', since: null },
    { name: 'age', severity: 'warning' },
    { name: 'fresh', since: '2026-11-01' },
  ],
  known: [],
  subject: { distribution: 'debian-12', flavour: 'generic', architecture: 'x86_64' },
  today: '2026-11-26',
}

const known: KnownFailure = {
  check: 'units',
  reason: 'networkd waits for a link that is not there',
  link: 'https://bugs.example.org/1',
  expires: '2026-12-31',
}

function result(name: string, outcome: CheckResult['outcome'] = 'failed'): CheckResult {
  return { name, outcome, seconds: 1, detail: `${name} ${outcome}` }
}

/** One image with one boot that found this. */
function found(...checks: CheckResult[]): Found {
  return { disk: [], planned: ['bios'], tried: [{ boot: 'bios', attempt: 1, found: { checks } }] }
}

const lost = { reason: 'QEMU was killed' }
const good = { checks: [result('ssh', 'passed')] }
const bad = { checks: [result('ssh')] }
const first = { boot: 'bios', attempt: 1 }
const second = { boot: 'bios', attempt: 2 }

describe('the verdict', () => {
  it.each<[string, Found, string, string[]]>([
    ['passed, when every check passed', found(result('ssh', 'passed')), 'passed', ['passed']],
    ['passed, when a check was skipped', found(result('ssh', 'skipped')), 'passed', ['passed']],
    ['failed, by one check', found(result('ssh', 'passed'), result('units')), 'failed', ['failed']],
    ['passed, when what failed only warns', found(result('age')), 'passed', ['passed']],
    ['passed, when what failed is new', found(result('fresh')), 'passed', ['passed']],
    ['failed, by a check that nobody declares', found(result('stranger')), 'failed', ['failed']],
    ['failed, by the disk alone', { disk: [result('units')], planned: ['bios'], tried: [] }, 'failed', []],
    ['errored, when nothing can be told', { ...found(), tried: [{ ...first, found: lost }] }, 'errored', ['errored']],
    [
      'errored, when a boot was not made',
      { ...found(result('ssh', 'passed')), planned: ['bios', 'uefi'] },
      'errored',
      ['passed'],
    ],
    ['errored, without any boot', { disk: [result('ssh', 'passed')], planned: ['bios'], tried: [] }, 'errored', []],
    [
      'failed, though another boot cannot be told',
      {
        ...found(),
        planned: ['bios', 'uefi'],
        tried: [
          { ...first, found: lost },
          { boot: 'uefi', attempt: 1, found: bad },
        ],
      },
      'failed',
      ['errored', 'failed'],
    ],
    [
      'passed, by another try after a lost machine',
      {
        ...found(),
        tried: [
          { ...first, found: lost },
          { ...second, found: good },
        ],
      },
      'passed',
      ['errored', 'passed'],
    ],
    [
      'failed, though another try passed',
      {
        ...found(),
        tried: [
          { ...first, found: bad },
          { ...second, found: good },
        ],
      },
      'failed',
      ['failed', 'passed'],
    ],
  ])('is %s', (_what, what, verdict, outcomes) => {
    expect(reachVerdict(what, rules)).toMatchObject({ verdict, outcomes })
  })

  it('keeps every result, with its boot and try, and says of what does not count why', () => {
    const { checks } = reachVerdict(
      {
        disk: [result('age')],
        planned: ['bios'],
        tried: [
          { ...first, found: bad },
          { ...second, found: good },
        ],
      },
      rules,
    )
    expect(checks).toEqual([
      { ...result('age'), waived: { why: 'warning', reason: 'this check only warns' } },
      { ...result('ssh'), boot: 'bios' },
      { ...result('ssh', 'passed'), boot: 'bios', attempt: 2 },
    ])
  })
})

describe('a new check', () => {
  it.each([
    ['2026-11-01', 'passed'],
    ['2026-11-30', 'passed'],
    ['2026-12-01', 'failed'],
  ])('that came on 1 November and fails on %s lets the image be %s', (today, verdict) => {
    expect(reachVerdict(found(result('fresh')), { ...rules, today }).verdict).toBe(verdict)
  })

  it('says until when it only warns', () => {
    expect(reachVerdict(found(result('fresh')), rules).checks[0]?.waived).toMatchObject({
      why: 'new',
      until: '2026-11-30',
    })
  })
})

describe('a known failure', () => {
  it.each<[string, Partial<KnownFailure>, string]>([
    ['of the check', {}, 'passed'],
    ['on its last day', { expires: rules.today }, 'passed'],
    ['that has expired', { expires: '2026-11-25' }, 'failed'],
    ['of another check', { check: 'ssh' }, 'failed'],
    ['of the distribution', { distribution: ['debian-*'] }, 'passed'],
    ['of another distribution', { distribution: ['fedora-*'] }, 'failed'],
    ['of the flavour and architecture', { flavour: ['generic'], architecture: ['x86_64', 'aarch64'] }, 'passed'],
    ['of another flavour', { flavour: ['ec2'] }, 'failed'],
    ['of the boot', { boot: ['b*s'] }, 'passed'],
    ['of another boot', { boot: ['uefi*'] }, 'failed'],
  ])('%s: the image is %s', (_what, changes, verdict) => {
    const row = { ...known, ...changes }
    const { checks, ...said } = reachVerdict(found(result('units')), { ...rules, known: [row] })
    expect(said.verdict).toBe(verdict)
    const waived = { why: 'known', reason: row.reason, link: row.link, until: row.expires }
    expect(checks[0]?.waived).toEqual(verdict === 'passed' ? waived : undefined)
  })

  it('of a boot is none of the disk', () => {
    const what = { ...found(), disk: [result('units')] }
    expect(reachVerdict(what, { ...rules, known: [{ ...known, boot: ['*'] }] }).verdict).toBe('failed')
  })

  it('that has expired is told, and one that does not show any more too', () => {
    const expired = { ...known, expires: '2026-11-25' }
    expect(reachVerdict(found(result('units')), { ...rules, known: [expired] }).notes).toEqual([
      'the known failure of units (https://bugs.example.org/1) expired on 2026-11-25 and counts again',
    ])
    expect(reachVerdict(found(result('units', 'passed')), { ...rules, known: [known] }).notes).toEqual([
      'the known failure of units (https://bugs.example.org/1) did not show: the check passed',
    ])
    expect(reachVerdict(found(result('units')), { ...rules, known: [known] }).notes).toEqual([])
    const elsewhere = { ...known, distribution: ['fedora-*'] }
    expect(reachVerdict(found(result('units', 'passed')), { ...rules, known: [elsewhere] }).notes).toEqual([])
  })
})

it('a boot whose tries differ is called flaky', () => {
  const tried = [
    { ...first, found: bad },
    { ...second, found: good },
  ]
  expect(reachVerdict({ ...found(), tried }, rules).notes).toEqual(['the boot bios is flaky: it failed, then passed'])
})

const anyResult = fc.record({
  name: fc.constantFrom(...names),
  outcome: fc.constantFrom('passed' as const, 'failed' as const, 'skipped' as const),
  seconds: fc.nat({ max: 100 }),
  detail: fc.constant(''),
  // What came from outside never counts.
  waived: fc.option(fc.constant({ why: 'known' as const, reason: 'somebody said so' }), { nil: undefined }),
})
const anyTry = fc.record({
  boot: fc.constantFrom('bios', 'uefi'),
  attempt: fc.integer({ min: 1, max: 3 }),
  found: fc.oneof(
    fc.record({ checks: fc.array(anyResult, { maxLength: 4 }) }),
    fc.record({ reason: fc.constant('lost') }),
  ),
})
const anyFound = fc.record({
  disk: fc.array(anyResult, { maxLength: 3 }),
  planned: fc.constant(['bios', 'uefi']),
  tried: fc.array(anyTry, { maxLength: 5 }),
}) as fc.Arbitrary<Found>

describe('whatever was found', () => {
  const old: Rules = { ...rules, today: '2027-06-01' }
  const resultsOf = ({ disk, tried }: Found) => [
    ...disk,
    ...tried.flatMap(({ found: one }) => ('checks' in one ? one.checks : [])),
  ]

  it('no image passes with a failure of a check that counts, and none whose boots did not all end', () => {
    fc.assert(
      fc.property(anyFound, (what) => {
        const { verdict } = reachVerdict(what, old)
        const failed = resultsOf(what).some(({ name, outcome }) => outcome === 'failed' && name !== 'age')
        const ended = ['bios', 'uefi'].every((boot) =>
          what.tried.some((one) => one.boot === boot && 'checks' in one.found),
        )
        expect(verdict).toBe(failed ? 'failed' : ended ? 'passed' : 'errored')
      }),
    )
  })

  it('only a known failure that names the check turns a failed image into one that passed', () => {
    fc.assert(
      fc.property(anyFound, fc.constantFrom(...names), fc.boolean(), (what, check, isExpired) => {
        const row = { ...known, check, expires: isExpired ? '2027-05-31' : '2027-06-01' }
        const before = reachVerdict(what, old).verdict
        const after = reachVerdict(what, { ...old, known: [row] }).verdict
        if (before === after) return
        expect([before, isExpired]).toEqual(['failed', false])
        const others = resultsOf(what).filter(({ name, outcome }) => outcome === 'failed' && name !== 'age')
        expect(new Set(others.map(({ name }) => name))).toEqual(new Set([check]))
      }),
    )
  })

  it('another try never makes it better', () => {
    const rank = { passed: 0, errored: 1, failed: 2 }
    fc.assert(
      fc.property(anyFound, anyTry as fc.Arbitrary<Found['tried'][number]>, (what, more) => {
        const before = reachVerdict(what, old).verdict
        const after = reachVerdict({ ...what, tried: [...what.tried, more] }, old).verdict
        if (before === 'failed') expect(after).toBe('failed')
        if (!('checks' in more.found)) expect(rank[after]).toBe(rank[before])
      }),
    )
  })
})

describe('the list of known failures', () => {
  const file = (row: string) => () => parseKnownFailures(`failures:\n  - { ${row} }`, 'known-failures.yaml', names)
  const rest = 'reason: r, link: https://bugs.example.org/1'

  it('as it is shipped can be read', () => {
    const path = fileURLToPath(new URL('../../../deploy/known-failures.yaml', import.meta.url))
    expect(readKnownFailures(path, names)).toEqual([])
  })

  it.each([
    ['a check that there is not', `check: shs, ${rest}, expires: 2027-01-31`, ['failures.0.check', '"shs"', 'are ssh']],
    ['no day on which it expires', `check: ssh, ${rest}`, ['failures.0.expires', '2027-01-31']],
    ['a day that there is not', `check: ssh, ${rest}, expires: 2027-02-30`, ['failures.0.expires', '2027-02-30']],
    ['no link', `check: ssh, reason: r, expires: 2027-01-31`, ['failures.0.link', 'got nothing']],
    ['a link that leads nowhere', `check: ssh, reason: r, link: "bug 1", expires: 2027-01-31`, ['failures.0.link']],
    ['a wrong key', `check: ssh, ${rest}, expires: 2027-01-31, until: never`, ['"until"', 'there are check']],
  ])('with %s is refused with its place', (_what, row, words) => {
    for (const word of words) expect(file(row)).toThrow(word)
  })
})
