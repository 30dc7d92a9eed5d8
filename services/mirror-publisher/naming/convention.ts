import type { DropReady } from '#events/drop-ready.ts'
import type { Architecture, ImagePlan } from '#events/vocabulary.ts'

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
  /** Whether there is a SHA512SUMS beside the images. */
  readonly sha512: boolean
}
