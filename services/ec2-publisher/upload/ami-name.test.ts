import { assert, constantFrom, option, property, record, stringMatching } from 'fast-check'
import { expect, it } from 'vitest'
import { exampleCompose } from '#events/examples.ts'
import type { Architecture, ComposeRef } from '#events/vocabulary.ts'
import { amiName } from './ami-name.ts'

const fedora = (version: string, label: string | null, more: Partial<ComposeRef> = {}): ComposeRef => ({
  ...exampleCompose,
  id: `Fedora-${version}-20260711.n.3`,
  version,
  label,
  date: '20260711',
  respin: 3,
  type: label === null ? 'nightly' : 'production',
  ...more,
})
const debian: ComposeRef = { ...fedora('12', null), short: 'Debian', type: 'nightly', respin: 0 }

it.each([
  // As Fedora names its AMIs today, and did for its candidates.
  ['milestone', fedora('41', 'RC-1.4'), 'x86_64', 'Fedora-Cloud-Base-AmazonEC2.x86_64-41-1.4'],
  ['milestone', fedora('41', 'RC-1.4'), 'aarch64', 'Fedora-Cloud-Base-AmazonEC2.aarch64-41-1.4'],
  ['milestone', fedora('19', 'Beta-1.2'), 'i686', 'Fedora-Cloud-Base-AmazonEC2.i686-19-Beta-1.2'],
  ['milestone', fedora('19', 'Alpha-1.1'), 'x86_64', 'Fedora-Cloud-Base-AmazonEC2.x86_64-19-Alpha-1.1'],
  ['milestone', fedora('28', 'RC-20180425.0'), 'x86_64', 'Fedora-Cloud-Base-AmazonEC2.x86_64-28-20180425.0'],
  ['weekly', fedora('Rawhide', null), 'x86_64', 'Fedora-Cloud-Base-AmazonEC2.x86_64-Rawhide-Weekly-20260711.n.3'],
  ['nightly', fedora('Rawhide', null), 'x86_64', 'Fedora-Cloud-Base-AmazonEC2.x86_64-Rawhide-Nightly-20260711.n.3'],
  ['nightly', debian, 'x86_64', 'debian-12-amd64-20260711-nightly.0'],
  ['weekly', debian, 'i686', 'debian-12-i386-20260711-weekly.0'],
  ['milestone', { ...debian, label: 'Beta-1.1' }, 'aarch64', 'debian-12-arm64-20260711-Beta-1.1.0'],
  ['milestone', debian, 'x86_64', 'debian-12-amd64-20260711-release.0'],
  [
    'weekly',
    { ...debian, short: 'Mageia', version: '9~beta' },
    'x86_64',
    'mageia-9_beta-amd64-20260711-weekly.0-c41280f7b241',
  ],
] as const)('names the AMI of a %s drop', (kind, compose, architecture, expected) => {
  expect(amiName({ drop: `${kind}-${compose.id}`, compose, image: { flavour: 'ec2', architecture } })).toBe(expected)
})

it.each([
  [fedora('41', 'RC-1.4'), 'Fedora-Cloud-Base-AmazonEC2-minimal.x86_64-41-1.4'],
  [debian, 'debian-12-minimal-amd64-20260711-release.0'],
])('names another flavour otherwise than the first', (compose, expected) => {
  const image = { flavour: 'ec2-minimal', architecture: 'x86_64' } as const
  expect(amiName({ drop: `milestone-${compose.id}`, compose, image })).toBe(expected)
})

const plain = stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+~-]{0,80}$/)
const composes = record({
  short: constantFrom('Fedora', 'Debian', 'Else'),
  version: plain,
  label: option(plain),
})

it('gives every image a name that EC2 takes, always the same one', () => {
  assert(
    property(composes, plain, constantFrom<Architecture>('i686', 'x86_64', 'aarch64'), (compose, id, architecture) => {
      const named = {
        drop: `weekly-${id}`,
        compose: { ...exampleCompose, ...compose },
        image: { flavour: 'ec2', architecture },
      }
      expect(amiName(named)).toMatch(/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/)
      expect(amiName(structuredClone(named))).toBe(amiName(named))
    }),
  )
})

it('gives two images of a drop, and two drops of a compose, different names', () => {
  assert(
    property(composes, plain, (compose, id) => {
      const names = ['weekly', 'nightly'].flatMap((kind) =>
        (['i686', 'x86_64', 'aarch64'] as const).map((architecture) =>
          amiName({
            drop: `${kind}-${id}`,
            compose: { ...exampleCompose, ...compose },
            image: { flavour: 'ec2', architecture },
          }),
        ),
      )
      expect(new Set(names).size).toBe(6)
    }),
  )
})
