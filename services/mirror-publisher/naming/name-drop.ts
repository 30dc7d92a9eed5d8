import type { DropReady } from '#events/drop-ready.ts'
import type { Architecture, ImagePlan } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { debian } from './debian.ts'
import { fedora } from './fedora.ts'
import { describeStage, type Stage } from './stage.ts'

/** What the names of a drop are made of. */
export type DropIdentity = Pick<DropReady, 'kind' | 'milestone' | 'compose'>

/** An image as far as its name goes. */
export type NamedImage = Pick<ImagePlan, 'flavour' | 'architecture'>

/** How one distribution names its files. Paths are relative, with `/`. */
export interface Convention {
  /** The release folder as `19-Beta` or `22_Beta`, for milestones before Final. */
  readonly testRelease: string
  /** The folder below the release folder that is ours alone, beside the install images. */
  readonly releaseFolder: string
  /** Below the drop's folder. */
  imageFolder(architecture: Architecture): string
  /** Without the format at its end. */
  imageName(image: NamedImage): string
  checksumName(architecture: Architecture): string
  /** productmd's name for what these images are a variant of. */
  readonly variant: string
}

/** The public names of one drop. */
export interface DropNames extends Pick<Convention, 'imageFolder' | 'imageName' | 'checksumName' | 'variant'> {
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

/** File systems take 255 bytes; the longest ending we add is `.packages.json`, and every name is ASCII. */
function checkedLength(name: string): string {
  if (name.length <= 235) return name
  throw new PermanentError('refused', `the file name is too long for a file system: ${name}`)
}
