import type { Architecture, Flavour } from '#events/vocabulary.ts'
import type { Convention } from './convention.ts'
import type { Stage } from './stage.ts'

/** The words of one Fedora file name. */
interface Words {
  readonly arch: string
  /** `19`, `19-Beta`, `22_Beta`, `Rawhide`. */
  readonly release: string
  readonly version: string
  /** What tells two composes of one release apart: a candidate or a date. */
  readonly edition: string
  readonly final: boolean
  readonly scratch: boolean
}

interface Generation {
  readonly since: number
  readonly joint: '-' | '_'
  readonly folder: string
  readonly variant: string
  /** Which stages are told apart by the candidate's number; the others by the date. */
  readonly numbered: readonly Stage['name'][]
  readonly imageFolder: (arch: string) => string
  readonly image: (flavour: Flavour, words: Words) => string
  readonly checksum: (words: Words) => string
}

/** How the mirrors have named cloud images since Fedora 19, oldest first; each from that release on. */
const generations: readonly [Generation, ...Generation[]] = [
  {
    since: 0,
    joint: '-',
    folder: 'Images',
    variant: 'CloudImages',
    numbered: ['Alpha', 'Beta'],
    imageFolder: (arch) => arch,
    image: (flavour, { arch, release, edition }) => `Fedora${mark(flavour)}-${arch}-${release}-${edition}-sda`,
    checksum: oldChecksum('Fedora-Images'),
  },
  {
    since: 21,
    joint: '-',
    folder: 'Cloud/Images',
    variant: 'CloudImages',
    numbered: [],
    imageFolder: (arch) => arch,
    image: (flavour, { arch, version, edition }) => `Fedora-Cloud-Base${mark(flavour)}-${edition}-${version}.${arch}`,
    checksum: oldChecksum('Fedora-Cloud-Images'),
  },
  {
    since: 22,
    joint: '_',
    folder: 'Cloud',
    variant: 'CloudImages',
    numbered: [],
    imageFolder: (arch) => `${arch}/Images`,
    image: cloudBase,
    checksum: oldChecksum('Fedora-Cloud-Images'),
  },
  {
    since: 24,
    joint: '_',
    folder: 'CloudImages',
    variant: 'CloudImages',
    numbered: ['Alpha', 'Beta', 'Final'],
    imageFolder: (arch) => `${arch}/images`,
    image: cloudBase,
    checksum: checksum('Fedora-CloudImages'),
  },
  {
    since: 28,
    joint: '_',
    folder: 'Cloud',
    variant: 'Cloud',
    numbered: ['Alpha', 'Beta', 'Final'],
    imageFolder: (arch) => `${arch}/images`,
    image: cloudBase,
    checksum: checksum('Fedora-Cloud'),
  },
  {
    since: 40,
    joint: '_',
    folder: 'Cloud',
    variant: 'Cloud',
    numbered: ['Alpha', 'Beta', 'Final'],
    imageFolder: (arch) => `${arch}/images`,
    image: (flavour, { arch, release, edition }) =>
      `Fedora-Cloud-Base-${profile(flavour)}.${arch}-${release}-${edition}`,
    checksum: checksum('Fedora-Cloud'),
  },
  {
    since: 42,
    joint: '_',
    folder: 'Cloud',
    variant: 'Cloud',
    numbered: ['Alpha', 'Beta', 'Final'],
    imageFolder: (arch) => `${arch}/images`,
    image: cloudProfile,
    checksum: checksum('Fedora-Cloud'),
  },
  {
    since: 44,
    joint: '_',
    folder: 'Cloud',
    variant: 'Cloud',
    numbered: ['Alpha', 'Beta', 'Final'],
    imageFolder: (arch) => `${arch}/images`,
    image: cloudProfile,
    checksum: (words) => checksum(words.final ? 'Fedora-Cloud' : 'Fedora-Cloud-images')(words),
  },
]

/** Fedora's names of the release's own time; what has no number (Rawhide) is named as today. */
export function fedora(stage: Stage): Convention {
  const generation = generationOf(stage.version)
  const test = stage.name === 'Alpha' || stage.name === 'Beta'
  const testRelease = `${stage.version}${generation.joint}${stage.name}`
  const words = (architecture: Architecture): Words => ({
    arch: mirrorWord(architecture),
    release: test ? testRelease : stage.version,
    version: stage.version,
    edition: generation.numbered.includes(stage.name) ? stage.candidate : stage.dated,
    final: stage.name === 'Final',
    scratch: stage.name === 'scratch',
  })
  return {
    testRelease,
    releaseFolder: generation.folder,
    variant: generation.variant,
    sha512: false,
    imageFolder: (architecture) => generation.imageFolder(mirrorWord(architecture)),
    imageName: ({ flavour, architecture }) => generation.image(flavour, words(architecture)),
    checksumName: (architecture) => generation.checksum(words(architecture)),
  }
}

function generationOf(version: string): Generation {
  const number = /^\d+$/.test(version) ? Number(version) : Infinity
  return generations.findLast(({ since }) => since <= number) ?? generations[0]
}

/** The mirrors say i386 for what packages and people call i686. */
function mirrorWord(architecture: Architecture): string {
  return architecture === 'i686' ? 'i386' : architecture
}

/** What the mirrors call the flavours that they have long held; others are named after themselves. */
const profiles: Readonly<Record<Flavour, string>> = { generic: 'Generic', ec2: 'AmazonEC2' }

function profile(flavour: Flavour): string {
  return profiles[flavour] ?? flavour
}

/** Before Fedora 40 the mirrors held the generic image alone, without a word for it; today's words mark the others. */
function mark(flavour: Flavour): string {
  return flavour === 'generic' ? '' : `-${profile(flavour)}`
}

function cloudBase(flavour: Flavour, { arch, release, edition }: Words): string {
  return `Fedora-Cloud-Base${mark(flavour)}-${release}-${edition}.${arch}`
}

function cloudProfile(flavour: Flavour, { arch, release, edition }: Words): string {
  return `Fedora-Cloud-Base-${profile(flavour)}-${release}-${edition}.${arch}`
}

function oldChecksum(start: string): Generation['checksum'] {
  return ({ arch, release, edition, scratch }) => `${start}-${arch}-${release}${scratch ? `-${edition}` : ''}-CHECKSUM`
}

function checksum(start: string): Generation['checksum'] {
  return ({ arch, release, edition, scratch }) =>
    scratch ? `${start}-${release}-${arch}-${edition}-CHECKSUM` : `${start}-${release}-${edition}-${arch}-CHECKSUM`
}
