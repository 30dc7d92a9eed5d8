import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { house } from '#test/support/house.ts'
import { findDistribution } from './find-distribution.ts'
import { parsePolicy, readPolicy } from './read-policy.ts'
import { matchesVersion } from './versions.ts'

const path = fileURLToPath(new URL('../../../deploy/drops.yaml', import.meta.url))
const shipped = readFileSync(path, 'utf8')

/** The shipped policy with one change in its text. */
function changed(from: string, to: string): () => unknown {
  expect(shipped).toContain(from)
  return () => parsePolicy(shipped.replace(from, to), 'drops.yaml', house)
}

describe('the shipped policy', () => {
  const policy = readPolicy(path, house)

  it.each([
    ['Fedora', 'Rawhide', 'fedora-rawhide', ['x86_64', 'aarch64']],
    ['Fedora', '45', 'fedora-rawhide', ['x86_64', 'aarch64']],
    ['Fedora', '43', 'fedora-43', ['x86_64', 'aarch64']],
    ['Fedora', '28', 'fedora-19', ['i686', 'x86_64']],
    ['Fedora', '19', 'fedora-19', ['i686', 'x86_64']],
    ['Debian', '12', 'debian-12', ['x86_64', 'i686']],
    ['Debian', '13', 'debian-13', ['x86_64']],
  ])('builds %s %s by the recipe %s for %j', (short, version, recipe, architectures) => {
    expect(findDistribution({ short, version }, policy)).toMatchObject({ recipe, architectures })
  })

  it('names nothing but itself in an unknown release', () => {
    expect(findDistribution({ short: 'Debian', version: '11' }, policy)).toBeUndefined()
    expect(findDistribution({ short: 'Fedora', version: 'eln' }, policy)).toBeUndefined()
  })

  it('offers no qcow2 that readers of before QEMU 5.1 cannot open', () => {
    const offered = Object.values(policy.formats).flat()
    expect(offered.filter((plan) => plan.format === 'qcow2')).toHaveLength(3)
    expect(offered.filter((plan) => plan.format === 'qcow2' && plan.compression === 'zstd')).toEqual([])
  })

  it('says each of its keys in a comment', () => {
    const comments = shipped
      .split('\n')
      .filter((line) => line.startsWith('#'))
      .join('\n')
    for (const key of [
      'short',
      'versions',
      'stream',
      'recipe',
      'architectures',
      'flavours',
      'weekly',
      'nightly',
      'weekday',
      'note',
    ]) {
      expect(comments).toMatch(new RegExp(`^#   ${key} `, 'm'))
    }
  })

  it('names only recipes that are in the repository', () => {
    const folder = fileURLToPath(new URL('../../builder/recipes', import.meta.url))
    const there = readdirSync(folder)
    const named = new Set(policy.distributions.map((one) => one.recipe))
    expect([...named].filter((recipe) => !there.includes(recipe))).toEqual([])
  })
})

describe('a policy that is wrong', () => {
  it.each([
    ['a wrong key', 'weekday: Monday', 'weekdy: Monday', ['cadence', '"weekdy"', 'there are weekday, hour']],
    ['a wrong section', 'cadence:', 'cadens:', ['"cadens"', 'there are distributions, ignored']],
    ['a wrong value', 'weekday: Monday', 'weekday: Mon', ['cadence.weekday', '"Monday"|"Tuesday"', 'got "Mon"']],
    ['a number out of range', 'hour: 6', 'hour: 66', ['cadence.hour', '<=23', 'got 66']],
    ['a bad level', 'level: 6', 'level: 60', ['formats.milestone.1.level', '<=9', 'got 60']],
    ['a bad range', '[44-]', '[44--]', ['distributions.1.versions.0', '31-42 or 44-', 'got "44--"']],
    [
      'a milestone of no single version',
      'milestones: []',
      'milestones: [{ short: Fedora, version: 44-, milestone: Beta, due: 2026-03-10 }]',
      ['milestones.0.version', 'expected one version: 44', 'got "44-"'],
    ],
    [
      'a milestone on no day',
      'milestones: []',
      'milestones: [{ short: Fedora, version: 44, milestone: Beta, due: 2026-02-30 }]',
      ['milestones.0.due', 'expected a day as 2026-04-14', 'got "2026-02-30"'],
    ],
    ['a bad retention', 'weekly: 30', 'weekly: never', ['retention.weekly', 'days, or forever', 'got "never"']],
    [
      'zstd in old qcow2',
      "'1.1', compression: zlib",
      "'0.10', compression: zstd",
      ['formats.milestone.0', 'needs compat 1.1'],
    ],
    ['a target that nobody publishes to', 'ec2: [mirror, ec2]', 'ec2: [mirror, moon]', ['targets.ec2', '"moon"']],
    [
      'a flavour that a target does not take',
      'generic: [mirror]',
      'generic: [ec2]',
      ['targets.generic', 'flavours ec2'],
    ],
    [
      'a target without the one that it goes by',
      'ec2: [mirror, ec2]',
      'ec2: [mirror, marketplace]',
      ['targets.ec2', 'AWS Marketplace goes by what is published to ec2'],
    ],
    ['a flavour that goes nowhere', 'generic: [mirror]', 'minimal: [mirror]', ['targets.generic', 'expected where']],
    [
      'a flavour without a folder',
      'flavours: [generic, ec2]',
      'flavours: [azure]\n    # generic, ec2',
      ['targets.azure'],
    ],
    ['an engine that is not there', 'engine: mkosi', 'engine: mksi', ['distributions.engines', '"mksi"']],
    [
      'an architecture that no engine is for',
      'recipe: debian-12\n    engines:\n      - { engine: mkosi, why',
      'recipe: debian-12\n    engines:\n      - { engine: mkosi, architectures: [x86_64], why',
      ['distributions.engines', 'i686'],
    ],
    ['a relative location', '- https://koji', '- ftp://koji', ['allowedLocations.0', 'expected an http(s) URL']],
    ['text that is not YAML', '\n  weekday', '\n   weekday', ['drops.yaml is not YAML', 'line']],
    ['a key given twice', 'hour: 6', 'hour: 6\n  hour: 7', ['drops.yaml is not YAML', 'unique']],
  ])('%s is named with its place and what is allowed', (_what, from, to, words) => {
    const attempt = changed(from, to)
    for (const word of words) expect(attempt).toThrow(word)
    expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }))
  })

  it('a missing file is named', () => {
    expect(() => readPolicy('/nonexistent/drops.yaml', house)).toThrow('/nonexistent/drops.yaml')
  })
})

it.each([
  ['43', '43', true],
  ['43', '44', false],
  ['31-42', '31', true],
  ['31-42', '43', false],
  ['44-', '100', true],
  ['44-', 'Rawhide', false],
  ['Rawhide', 'Rawhide', true],
  ['Rawhide', 'rawhide', false],
])('the version pattern %s matches %s: %s', (pattern, version, matches) => {
  expect(matchesVersion(pattern, version)).toBe(matches)
})
