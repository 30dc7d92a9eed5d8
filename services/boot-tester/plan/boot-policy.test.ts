import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBootPolicy, readBootPolicy } from './boot-policy.ts'
import { laterChecks } from '../checks/index.ts'
import { dataSourceNames } from '../datasources/index.ts'
import { matchesOne, subjectOf } from './subject.ts'

const path = fileURLToPath(new URL('../../../deploy/boots.yaml', import.meta.url))
const shipped = readFileSync(path, 'utf8')

const choices = { datasources: dataSourceNames, later: laterChecks.map(({ name }) => name) }

const image = (distribution: string, flavour: string, architecture: string) => ({ distribution, flavour, architecture })

describe('the shipped policy', () => {
  const policy = readBootPolicy(path, choices)

  it.each([
    ['debian-12', 'generic', 'x86_64', ['bios i440fx nocloud all', 'secure-boot q35 configdrive source']],
    ['debian-13', 'ec2', 'x86_64', ['bios i440fx nocloud all', 'secure-boot q35 nocloud source']],
    ['debian-12', 'generic', 'i686', ['bios i440fx nocloud all']],
    ['fedora-43', 'generic', 'x86_64', ['bios i440fx nocloud all']],
    ['fedora-43', 'generic', 'aarch64', ['uefi virt nocloud all']],
  ])('boots images of %s %s.%s by what they can boot from: %j', (distribution, flavour, architecture, wanted) => {
    const { boots, tries, afterFailure } = policy.planFor(image(distribution, flavour, architecture))
    expect(
      boots.map(({ hardware: { firmware, chipset }, datasource, asks, later }) =>
        [firmware, chipset, datasource, asks, ...later].join(' '),
      ),
    ).toEqual(wanted)
    expect([tries, afterFailure]).toEqual([1, 'continue'])
  })

  it('lets the guest of one image of a milestone live on', () => {
    const { boots } = policy.planFor({ ...image('debian-13', 'ec2', 'x86_64'), compose: 'production' })
    expect(boots.map(({ later }) => later)).toEqual([choices.later, []])
  })

  it('says each of its keys in a comment', () => {
    const comments = shipped.split('\n').filter((line) => line.startsWith('#'))
    const keys = [
      'firmware',
      'chipset',
      'disk',
      'tpm',
      'datasource',
      'asks',
      'later',
      'distribution',
      'flavour',
      'architecture',
    ]
    for (const key of [...keys, 'compose', 'boots', 'tries', 'after_failure', 'at_once', 'note'])
      expect(comments.join('\n')).toMatch(new RegExp(`^#   ${key} `, 'm'))
  })
})

it('the first row that is about an image holds, and an image without one is refused by name', () => {
  const { planFor } = parseBootPolicy(
    `
boots:
  bios: { firmware: bios, chipset: i440fx, disk: virtio, tpm: false, datasource: nocloud, later: [second-boot] }
  safe: { firmware: secure-boot, chipset: q35, disk: nvme, tpm: true, datasource: ec2, asks: source }
images:
  - { distribution: [fedora-*], flavour: [ec2], boots: [safe, bios], tries: 2, after_failure: stop }
  - { distribution: [fedora-rawhide, debian-1*], boots: [bios] }
`,
    'boots.yaml',
    { datasources: ['nocloud', 'ec2'], later: ['second-boot'] },
  )
  expect(planFor(image('fedora-43', 'ec2', 'x86_64'))).toEqual({
    boots: [
      {
        name: 'safe',
        hardware: { firmware: 'secure-boot', chipset: 'q35', disk: 'nvme', tpm: true },
        datasource: 'ec2',
        asks: 'source',
        later: [],
      },
      {
        name: 'bios',
        hardware: { firmware: 'bios', chipset: 'i440fx', disk: 'virtio', tpm: false },
        datasource: 'nocloud',
        asks: 'all',
        later: ['second-boot'],
      },
    ],
    tries: 2,
    afterFailure: 'stop',
    atOnce: 1,
  })
  expect(planFor(image('debian-12', 'generic', 'i686')).boots.map(({ name }) => name)).toEqual(['bios'])
  const attempt = () => planFor(image('fedora-43', 'generic', 'x86_64'))
  expect(attempt).toThrow('boots.yaml: images: no row says how to boot generic.x86_64 of fedora-43')
  expect(attempt).toThrow(expect.objectContaining({ failureClass: 'environment' }))
})

it('an image of a compose is known by the name and version of its release, in small letters', () => {
  const subject = subjectOf(
    { flavour: 'ec2', architecture: 'x86_64' },
    { short: 'Fedora', version: 'Rawhide', type: 'nightly' },
  )
  expect(subject).toEqual({ ...image('fedora-rawhide', 'ec2', 'x86_64'), compose: 'nightly' })
})

it.each([
  [
    'a boot that is not there',
    'boots: [bios]',
    'boots: [bois]',
    ['images.4.boots', '"bois"', 'there are bios, bios-whole-life'],
  ],
  ['a boot that is named twice', 'boots: [bios]', 'boots: [bios, bios]', ['images.4.boots', '"bios" is named twice']],
  ['a data source that is not there', 'nocloud }', 'moon }', ['boots.bios.datasource', 'one of nocloud', '"moon"']],
  ['a later check that is not there', '[kernel-update,', '[kernel,', ['later', 'one of kernel-update', '"kernel"']],
  ['a later check of a short boot', 'asks: source', 'asks: source, later: [second-boot]', ['later', 'asks source']],
  ['hardware that is not there', 'firmware: bios', 'firmware: coreboot', ['boots.bios.firmware', 'secure-boot']],
  ['a wrong key', 'boots: [bios]', 'boot: [bios]', ['images.4', '"boot"', 'there are distribution, flavour']],
  ['too many tries', 'boots: [bios]', 'boots: [bios], tries: 9', ['images.4.tries', '<=3', 'got 9']],
  ['a capital letter', 'boots: [bios]', 'distribution: [Fedora-43], boots: [bios]', ['images.4.distribution.0']],
  ['text that is not YAML', 'images:', 'images: [', ['boots.yaml is not YAML']],
])('%s is named with its place and what is allowed', (_what, from, to, words) => {
  expect(shipped).toContain(from)
  const attempt = () => parseBootPolicy(shipped.replace(from, to), 'boots.yaml', choices)
  for (const word of words) expect(attempt).toThrow(word)
  expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }))
})

it('a missing file is named', () => {
  expect(() => readBootPolicy('/nonexistent/boots.yaml', choices)).toThrow('the boot policy /nonexistent/boots.yaml')
})

it('* stands for any letters, also none, as in a regular expression', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*'), maxLength: 6 })
  fc.assert(
    fc.property(pattern, letters, (wanted, name) => {
      expect(matchesOne([wanted], name)).toBe(new RegExp(`^${wanted.replaceAll('*', '.*')}$`).test(name))
    }),
  )
})
