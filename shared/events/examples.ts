import type { EarlierDrop } from './earlier-drop.ts'
import type {
  ArtifactRef,
  BootRecord,
  BuiltBy,
  ComposeRef,
  DropImage,
  ImagePlan,
  Publisher,
  Registration,
} from './vocabulary.ts'

/** The nouns that the published examples share: one Fedora 19 Beta drop. */
export const exampleCompose: ComposeRef = {
  id: 'Fedora-19-20130521.0',
  short: 'Fedora',
  version: '19',
  type: 'production',
  date: '20130521',
  respin: 0,
  label: 'Beta-1.2',
  location: 'https://kojipkgs.fedoraproject.org/compose/19/Fedora-19-20130521.0/compose',
  incomplete: false,
}

export const exampleDrop = 'milestone-Fedora-19-20130521.0'

export const exampleDropContext = {
  drop: exampleDrop,
  kind: 'milestone' as const,
  milestone: 'Beta' as const,
  compose: exampleCompose,
}

export const exampleImage: ImagePlan = {
  flavour: 'ec2',
  architecture: 'x86_64',
  recipe: 'fedora-43',
  engines: ['mkosi'],
  formats: [
    { format: 'qcow2', compat: '1.1', compression: 'zlib' },
    { format: 'raw.xz', level: 6 },
    { format: 'raw.tar.xz', level: 6 },
  ],
  targets: ['mirror', 'ec2'],
}

export const exampleImageContext = { drop: exampleDrop, compose: exampleCompose, image: exampleImage }

export const examplePublisher: Publisher = { target: 'ec2', service: 'ec2-publisher', after: 'tests' }

export const exampleRegistration: Registration = {
  target: 'ec2',
  emulated: false,
  place: 'us-east-1',
  id: 'ami-0123456789abcdef0',
  name: 'Fedora-Cloud-Base-AmazonEC2.x86_64-19-Beta-1.2',
  details: { snapshot: 'snap-0123456789abcdef0' },
}

export const exampleEngine: BuiltBy = { name: 'mkosi', version: '24.3', earlier: [] }

/** An artifact of the example drop in one format. */
export function exampleArtifact(format: string): ArtifactRef {
  const sha256 = '91a3fa09c2a25ba0a0a7c6cd6b2b5e6a7b0b1b5f7d6f0c9a8e7d6c5b4a392817'
  return { uri: `artifact:${sha256}`, sha256, size: 592_568_816, format }
}

export const exampleBoot: BootRecord = {
  name: 'bios',
  attempt: 1,
  outcome: 'passed',
  reason: null,
  firmware: 'bios',
  chipset: 'i440fx',
  disk: 'virtio',
  tpm: false,
  datasource: 'nocloud',
  accelerator: 'kvm',
  seconds: 74.1,
  phases: [
    { name: 'firmware', seconds: 0 },
    { name: 'kernel', seconds: 2.4 },
    { name: 'userspace', seconds: 6.1 },
    { name: 'cloud-init', seconds: 9 },
    { name: 'checks', seconds: 61.2 },
  ],
  console: exampleArtifact('log'),
  screenshots: [{ moment: 'end', ref: exampleArtifact('png') }],
  requests: null,
}

export const exampleDropImage: DropImage = {
  image: exampleImage,
  outcome: 'passed',
  artifacts: [exampleArtifact('qcow2'), exampleArtifact('raw.xz'), exampleArtifact('raw.tar.xz')],
  packages: exampleArtifact('json'),
  engine: exampleEngine,
  checks: [{ name: 'cloud-init', outcome: 'passed', seconds: 61.2, detail: 'status: done' }],
  registrations: [exampleRegistration],
  failure: null,
}

export const exampleEarlier: EarlierDrop = {
  drop: 'nightly-Debian-12-20260711.n.0',
  images: [
    {
      image: 'ec2.x86_64',
      inputs: { engine: 'mkosi 24.3', packages: exampleArtifact('json').sha256 },
      packages: exampleArtifact('json'),
    },
  ],
}
