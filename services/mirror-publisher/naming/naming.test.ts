import { describe, expect, it } from 'vitest'
import type { Architecture, ComposeRef, Flavour } from '#events/vocabulary.ts'
import type { DropIdentity } from './convention.ts'
import { nameDrop } from './name-drop.ts'

interface Real {
  readonly compose: Partial<ComposeRef>
  readonly kind?: DropIdentity['kind']
  readonly milestone?: DropIdentity['milestone']
  readonly image: readonly [Flavour, Architecture, format: string]
  readonly path: string
}

/** Names that the mirrors really hold, or held. */
const fedoraImages: readonly Real[] = [
  {
    compose: { version: '19', date: '20130627', label: 'RC-1.2' },
    image: ['generic', 'i686', 'qcow2'],
    path: 'releases/19/Images/i386/Fedora-i386-19-20130627-sda.qcow2',
  },
  {
    compose: { version: '19', date: '20130627', label: 'RC-1.2' },
    image: ['generic', 'x86_64', 'raw.xz'],
    path: 'releases/19/Images/x86_64/Fedora-x86_64-19-20130627-sda.raw.xz',
  },
  {
    compose: { version: '20', date: '20131211', respin: 1, label: 'RC-1.1' },
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/20/Images/x86_64/Fedora-x86_64-20-20131211.1-sda.qcow2',
  },
  {
    compose: { version: '21', date: '20141203', label: 'RC-1.5' },
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/21/Cloud/Images/x86_64/Fedora-Cloud-Base-20141203-21.x86_64.qcow2',
  },
  {
    compose: { version: '22', date: '20150521', label: 'RC-1.3' },
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/22/Cloud/x86_64/Images/Fedora-Cloud-Base-22-20150521.x86_64.qcow2',
  },
  {
    compose: { version: '23', date: '20150915', label: 'Beta-1.1' },
    milestone: 'Beta',
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/test/23_Beta/Cloud/x86_64/Images/Fedora-Cloud-Base-23_Beta-20150915.x86_64.qcow2',
  },
  {
    compose: { version: '24', date: '20160614', label: 'RC-1.2' },
    image: ['generic', 'x86_64', 'raw.xz'],
    path: 'releases/24/CloudImages/x86_64/images/Fedora-Cloud-Base-24-1.2.x86_64.raw.xz',
  },
  {
    compose: { version: '25', date: '20161004', label: 'Beta-1.1' },
    milestone: 'Beta',
    image: ['generic', 'x86_64', 'raw.xz'],
    path: 'releases/test/25_Beta/CloudImages/x86_64/images/Fedora-Cloud-Base-25_Beta-1.1.x86_64.raw.xz',
  },
  {
    compose: { version: '27', date: '20171105', label: 'RC-1.6' },
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/27/CloudImages/x86_64/images/Fedora-Cloud-Base-27-1.6.x86_64.qcow2',
  },
  {
    compose: { version: '28', date: '20180425', label: 'RC-1.1' },
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/28/Cloud/x86_64/images/Fedora-Cloud-Base-28-1.1.x86_64.qcow2',
  },
  {
    compose: { version: '32', date: '20200312', label: 'Beta-1.2' },
    milestone: 'Beta',
    image: ['generic', 'aarch64', 'qcow2'],
    path: 'releases/test/32_Beta/Cloud/aarch64/images/Fedora-Cloud-Base-32_Beta-1.2.aarch64.qcow2',
  },
  {
    compose: { version: '40', date: '20240414', label: 'RC-1.14' },
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/40/Cloud/x86_64/images/Fedora-Cloud-Base-Generic.x86_64-40-1.14.qcow2',
  },
  {
    compose: { version: '40', date: '20240414', label: 'RC-1.14' },
    image: ['ec2', 'x86_64', 'raw.xz'],
    path: 'releases/40/Cloud/x86_64/images/Fedora-Cloud-Base-AmazonEC2.x86_64-40-1.14.raw.xz',
  },
  {
    compose: { version: '41', date: '20241024', label: 'RC-1.4' },
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/41/Cloud/x86_64/images/Fedora-Cloud-Base-Generic.x86_64-41-1.4.qcow2',
  },
  {
    compose: { version: '43', date: '20251022', label: 'RC-1.6' },
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/43/Cloud/x86_64/images/Fedora-Cloud-Base-Generic-43-1.6.x86_64.qcow2',
  },
  {
    compose: { version: '43', date: '20251022', label: 'RC-1.6' },
    image: ['ec2', 'x86_64', 'raw.xz'],
    path: 'releases/43/Cloud/x86_64/images/Fedora-Cloud-Base-AmazonEC2-43-1.6.x86_64.raw.xz',
  },
  {
    compose: { version: '44', date: '20260310', label: 'Beta-1.5' },
    milestone: 'Beta',
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/test/44_Beta/Cloud/x86_64/images/Fedora-Cloud-Base-Generic-44_Beta-1.5.x86_64.qcow2',
  },
  {
    compose: { version: '45', date: '20260922', label: 'Beta-1.3' },
    milestone: 'Beta',
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/test/45_Beta/Cloud/x86_64/images/Fedora-Cloud-Base-Generic-45_Beta-1.3.x86_64.qcow2',
  },
]

/** Ours by the same rules: no mirror holds them, or none does any more. */
const ownImages: readonly Real[] = [
  {
    compose: { version: '19', date: '20130521', label: 'Beta-1.2' },
    milestone: 'Beta',
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'releases/test/19-Beta/Images/x86_64/Fedora-x86_64-19-Beta-1.2-sda.qcow2',
  },
  {
    compose: { version: '19', date: '20130521', label: 'Beta-1.2' },
    milestone: 'Beta',
    image: ['ec2', 'i686', 'raw.tar.xz'],
    path: 'releases/test/19-Beta/Images/i386/Fedora-AmazonEC2-i386-19-Beta-1.2-sda.raw.tar.xz',
  },
  {
    compose: { id: 'Fedora-19-20130520.n.0', version: '19', type: 'nightly', date: '20130520' },
    kind: 'weekly',
    image: ['generic', 'i686', 'qcow2'],
    path: 'alt/cloud/weekly/Fedora-19-20130520.n.0/i386/Fedora-i386-19-20130520.n.0-sda.qcow2',
  },
  {
    compose: { id: 'Fedora-Rawhide-20261002.n.0', version: 'Rawhide', type: 'nightly', date: '20261002' },
    kind: 'nightly',
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'alt/cloud/nightly/Fedora-Rawhide-20261002.n.0/x86_64/images/Fedora-Cloud-Base-Generic-Rawhide-20261002.n.0.x86_64.qcow2',
  },
  {
    compose: { id: 'Debian-12-20260711.n.0', short: 'Debian', version: '12', type: 'nightly', date: '20260711' },
    kind: 'weekly',
    image: ['generic', 'x86_64', 'qcow2'],
    path: 'alt/cloud/weekly/Debian-12-20260711.n.0/amd64/debian-12-generic-amd64-20260711.qcow2',
  },
  {
    compose: {
      id: 'Debian-12-20260711.n.2',
      short: 'Debian',
      version: '12',
      type: 'nightly',
      date: '20260711',
      respin: 2,
    },
    kind: 'weekly',
    image: ['ec2', 'i686', 'raw.xz'],
    path: 'alt/cloud/weekly/Debian-12-20260711.n.2/i386/debian-12-ec2-i386-20260711-2.raw.xz',
  },
  {
    compose: { short: 'Debian', version: '13', date: '20250809' },
    image: ['generic', 'aarch64', 'qcow2'],
    path: 'releases/13/Cloud/arm64/debian-13-generic-arm64-20250809.qcow2',
  },
]

interface RealChecksum extends Omit<Real, 'image'> {
  readonly architecture: Architecture
}

const checksums: readonly RealChecksum[] = [
  {
    compose: { version: '21', date: '20141203', label: 'RC-1.5' },
    architecture: 'x86_64',
    path: 'releases/21/Cloud/Images/x86_64/Fedora-Cloud-Images-x86_64-21-CHECKSUM',
  },
  {
    compose: { version: '24', date: '20160614', label: 'RC-1.2' },
    architecture: 'x86_64',
    path: 'releases/24/CloudImages/x86_64/images/Fedora-CloudImages-24-1.2-x86_64-CHECKSUM',
  },
  {
    compose: { version: '27', date: '20171105', label: 'RC-1.6' },
    architecture: 'x86_64',
    path: 'releases/27/CloudImages/x86_64/images/Fedora-CloudImages-27-1.6-x86_64-CHECKSUM',
  },
  {
    compose: { version: '40', date: '20240414', label: 'RC-1.14' },
    architecture: 'x86_64',
    path: 'releases/40/Cloud/x86_64/images/Fedora-Cloud-40-1.14-x86_64-CHECKSUM',
  },
  {
    compose: { version: '43', date: '20251022', label: 'RC-1.6' },
    architecture: 'x86_64',
    path: 'releases/43/Cloud/x86_64/images/Fedora-Cloud-43-1.6-x86_64-CHECKSUM',
  },
  {
    compose: { version: '44', date: '20260424', label: 'RC-1.7' },
    architecture: 'x86_64',
    path: 'releases/44/Cloud/x86_64/images/Fedora-Cloud-44-1.7-x86_64-CHECKSUM',
  },
  {
    compose: { version: '45', date: '20260922', label: 'Beta-1.3' },
    milestone: 'Beta',
    architecture: 'x86_64',
    path: 'releases/test/45_Beta/Cloud/x86_64/images/Fedora-Cloud-images-45_Beta-1.3-x86_64-CHECKSUM',
  },
  {
    compose: { id: 'Fedora-Rawhide-20261002.n.0', version: 'Rawhide', type: 'nightly', date: '20261002' },
    kind: 'weekly',
    architecture: 'x86_64',
    path: 'alt/cloud/weekly/Fedora-Rawhide-20261002.n.0/x86_64/images/Fedora-Cloud-images-Rawhide-x86_64-20261002.n.0-CHECKSUM',
  },
  {
    compose: { id: 'Fedora-44-20260424.n.0', version: '44', type: 'nightly', date: '20260424' },
    kind: 'weekly',
    architecture: 'x86_64',
    path: 'alt/cloud/weekly/Fedora-44-20260424.n.0/x86_64/images/Fedora-Cloud-images-44-x86_64-20260424.n.0-CHECKSUM',
  },
  {
    compose: { version: '19', date: '20130627', label: 'RC-1.2' },
    architecture: 'i686',
    path: 'releases/19/Images/i386/Fedora-Images-i386-19-CHECKSUM',
  },
  {
    compose: { id: 'Debian-12-20260711.n.0', short: 'Debian', version: '12', type: 'nightly', date: '20260711' },
    kind: 'weekly',
    architecture: 'x86_64',
    path: 'alt/cloud/weekly/Debian-12-20260711.n.0/amd64/debian-12-amd64-20260711-CHECKSUM',
  },
]

function identityOf({ compose, kind = 'milestone', milestone = 'Final' }: Omit<Real, 'image' | 'path'>): DropIdentity {
  const whole: ComposeRef = {
    id: 'Fedora-0-20000101.0',
    short: 'Fedora',
    version: '0',
    type: 'production',
    date: '20000101',
    respin: 0,
    label: null,
    location: 'https://example.org/compose',
    incomplete: false,
    ...compose,
  }
  return { kind, milestone: kind === 'milestone' ? milestone : null, compose: whole }
}

describe('image names', () => {
  it.each([...fedoraImages, ...ownImages])('$path', ({ image: [flavour, architecture, format], path, ...real }) => {
    const names = nameDrop(identityOf(real))
    const name = names.imageName({ flavour, architecture })
    expect(`${names.path}/${names.imageFolder(architecture)}/${name}.${format}`).toBe(path)
  })
})

describe('checksum names', () => {
  it.each(checksums)('$path', ({ architecture, path, ...real }) => {
    const names = nameDrop(identityOf(real))
    expect(`${names.path}/${names.imageFolder(architecture)}/${names.checksumName(architecture)}`).toBe(path)
  })
})

describe('what has no name', () => {
  it('is a distribution nobody taught us, and the error says which we know', () => {
    const arch = identityOf({ compose: { short: 'Slackware' } })
    expect(() => nameDrop(arch)).toThrow('compose.short: there are no file names for "Slackware", only Fedora, Debian')
  })

  it('is not mistaken for a property that every object has', () => {
    expect(() => nameDrop(identityOf({ compose: { short: 'constructor' } }))).toThrow('compose.short')
  })

  it('is a label that would lead out of the tree', () => {
    const escape = identityOf({ compose: { version: '43', label: 'Beta-1.2/../../../etc' } })
    expect(() => nameDrop(escape)).toThrow('compose.label: "Beta-1.2/../../../etc" is not a label as "Beta-1.2"')
  })

  it('is a milestone drop that names no milestone', () => {
    expect(() => nameDrop({ ...identityOf({ compose: {} }), milestone: null })).toThrow('milestone: ')
  })

  it('is longer than a file system takes', () => {
    const long = nameDrop(identityOf({ compose: { version: `4${'3'.repeat(240)}` } }))
    expect(() => long.imageName({ flavour: 'ec2', architecture: 'x86_64' })).toThrow('too long')
  })
})
