import type { DropReady } from '#events/drop-ready.ts'
import { imageKey, type Architecture, type ArtifactRef, type DropImage } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import type { DropIdentity } from './naming/convention.ts'
import { nameDrop, type DropNames } from './naming/name-drop.ts'

/** One artifact and its public name, relative to the drop's folder. */
export interface PlannedFile {
  readonly path: string
  readonly artifact: ArtifactRef
  readonly image: string
  readonly flavour: DropImage['image']['flavour']
  readonly architecture: Architecture
}

/** What the folder of a drop will hold, before anything is touched. */
export interface TreePlan {
  readonly drop: string
  readonly identity: DropIdentity
  /** Relative to the mirror root. */
  readonly path: string
  readonly variant: string
  /** Sorted by path. */
  readonly files: readonly PlannedFile[]
  /** One per folder of images. */
  readonly checksums: readonly { readonly folder: string; readonly name: string }[]
}

/**
 * Plans the tree of a drop: every format of every passed image whose targets name the mirror, its package list, and
 * where checksums go. Throws PermanentError when there is nothing to publish.
 */
export function planTree(body: Pick<DropReady, 'drop' | 'images' | keyof DropIdentity>): TreePlan {
  const { drop, kind, milestone, compose } = body
  const identity = { kind, milestone, compose }
  const names = nameDrop(identity)
  const passed = body.images.filter(({ image, outcome }) => outcome === 'passed' && image.targets.includes('mirror'))
  if (passed.length === 0) {
    throw new PermanentError('refused', `images: none of ${drop} has passed and names the mirror as a target`)
  }
  const files = passed.flatMap((image) => filesOf(image, names))
  const architectures = new Set(passed.map(({ image }) => image.architecture))
  return {
    drop,
    identity,
    path: names.path,
    variant: names.variant,
    files: files.toSorted((one, other) => (one.path < other.path ? -1 : 1)),
    checksums: [...architectures].map((architecture) => ({
      folder: names.imageFolder(architecture),
      name: names.checksumName(architecture),
    })),
  }
}

function filesOf({ image, artifacts, packages }: DropImage, names: DropNames): PlannedFile[] {
  const { flavour, architecture } = image
  const start = `${names.imageFolder(architecture)}/${names.imageName(image)}`
  const common = { image: imageKey(image), flavour, architecture }
  const formats = image.formats.map(({ format }) => {
    const artifact = artifacts.find((one) => one.format === format)
    if (!artifact) throw new PermanentError('bug', `images: ${imageKey(image)} has passed but has no ${format}`)
    return { ...common, artifact, path: `${start}.${format}` }
  })
  if (!packages) return formats
  if (/^[a-z0-9]{1,8}$/.test(packages.format)) {
    return [...formats, { ...common, artifact: packages, path: `${start}.packages.${packages.format}` }]
  }
  throw new PermanentError('refused', `packages.format: "${packages.format}" cannot end a file name`)
}
