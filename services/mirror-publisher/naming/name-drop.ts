import { PermanentError } from '#service/errors.ts'
import type { Convention, DropIdentity } from './convention.ts'
import { debian } from './debian.ts'
import { fedora } from './fedora.ts'
import { describeStage, type Stage } from './stage.ts'

/** The public names of one drop. */
export interface DropNames extends Pick<
  Convention,
  'imageFolder' | 'imageName' | 'checksumName' | 'variant' | 'sha512'
> {
  /** The folder that is this drop's alone, relative to the mirror root. */
  readonly path: string
}

const conventions = new Map<string, (stage: Stage) => Convention>([
  ['Fedora', fedora],
  ['Debian', debian],
])

/**
 * Names a drop as its distribution does: milestones beside the install images, scratch drops under `alt/`. Throws
 * PermanentError for what has no name: an unknown distribution, a label that is not one.
 */
export function nameDrop(drop: DropIdentity): DropNames {
  const { compose } = drop
  const convention = conventions.get(compose.short)
  if (!convention) {
    const known = [...conventions.keys()].join(', ')
    throw new PermanentError('refused', `compose.short: there are no file names for "${compose.short}", only ${known}`)
  }
  const stage = describeStage(drop)
  const names = convention(stage)
  return {
    path: folderOf(drop, stage, names),
    variant: names.variant,
    sha512: names.sha512,
    imageFolder: (architecture) => names.imageFolder(architecture),
    imageName: (image) => checkedLength(names.imageName(image)),
    checksumName: (architecture) => checkedLength(names.checksumName(architecture)),
  }
}

function folderOf({ kind, compose }: DropIdentity, stage: Stage, names: Convention): string {
  switch (stage.name) {
    case 'scratch':
      return `alt/cloud/${kind}/${compose.id}`
    case 'Final':
      return `releases/${compose.version}/${names.releaseFolder}`
    case 'Alpha':
    case 'Beta':
      return `releases/test/${names.testRelease}/${names.releaseFolder}`
  }
}

/** File systems take 255 bytes; the longest ending we add is `.provenance.sigstore.json`, and every name is ASCII. */
function checkedLength(name: string): string {
  if (name.length <= 230) return name
  throw new PermanentError('refused', `the file name is too long for a file system: ${name}`)
}
