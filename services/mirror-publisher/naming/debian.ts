import type { Architecture } from '#events/vocabulary.ts'
import type { Convention } from './convention.ts'
import type { Stage } from './stage.ts'

const debianWord: Readonly<Record<Architecture, string>> = { x86_64: 'amd64', i686: 'i386', aarch64: 'arm64' }

/** Names in the style of Debian's cloud images: `debian-12-generic-amd64-20260711.qcow2`. */
export function debian({ name, version, date, respin }: Stage): Convention {
  const edition = respin === 0 ? date : `${date}-${String(respin)}`
  return {
    testRelease: `${version}_${name}`,
    releaseFolder: 'Cloud',
    variant: 'Cloud',
    sha512: true,
    imageFolder: (architecture) => debianWord[architecture],
    imageName: ({ flavour, architecture }) => `debian-${version}-${flavour}-${debianWord[architecture]}-${edition}`,
    checksumName: (architecture) => `debian-${version}-${debianWord[architecture]}-${edition}-CHECKSUM`,
  }
}
