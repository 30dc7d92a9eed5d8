import type { DropReady } from '#events/drop-ready.ts'
import {
  imageKey,
  type Architecture,
  type ArtifactRef,
  type DropImage,
  type ImageEvidence,
} from '#events/vocabulary.ts'
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

/** An artifact that is published beside an image, under its public name. */
export type KeptFile = Pick<PlannedFile, 'path' | 'artifact'>

/** One image whose evidence is published beside it. */
export interface PlannedImage {
  /** What the paths of its files begin with, without the dot. */
  readonly stem: string
  readonly of: DropImage
  /** Its formats and its package list. */
  readonly files: readonly PlannedFile[]
  /** What the boot test kept, with the public paths. */
  readonly seen: readonly KeptFile[]
  /** How it was made, with the public path; none of what was built before that was kept. */
  readonly description: readonly KeptFile[]
}

/** What the folder of a drop will hold, before anything is touched. */
export interface TreePlan {
  readonly drop: string
  readonly identity: DropIdentity
  /** Relative to the mirror root. */
  readonly path: string
  readonly variant: string
  readonly images: readonly PlannedImage[]
  /** The files of all images, sorted by path. */
  readonly files: readonly PlannedFile[]
  /** One per folder of images. */
  readonly checksums: readonly { readonly folder: string; readonly name: string }[]
  /** The distribution's readers know SHA512SUMS. */
  readonly sha512: boolean
}

/**
 * Plans the tree of a drop: every format of every passed image whose targets name the mirror, its package list, how it was
 * made, what its boot test kept, and where checksums go. Throws PermanentError when there is nothing to publish.
 */
export function planTree(body: Pick<DropReady, 'drop' | 'images' | keyof DropIdentity>): TreePlan {
  const { drop, kind, milestone, compose } = body
  const identity = { kind, milestone, compose }
  const names = nameDrop(identity)
  const passed = body.images.filter(({ image, outcome }) => outcome === 'passed' && image.targets.includes('mirror'))
  if (passed.length === 0) {
    throw new PermanentError('refused', `images: none of ${drop} has passed and names the mirror as a target`)
  }
  const images = passed.map((image) => planImage(image, names))
  const files = images.flatMap((image) => image.files)
  const architectures = new Set(passed.map(({ image }) => image.architecture))
  return {
    drop,
    identity,
    path: names.path,
    variant: names.variant,
    images: images.toSorted((one, other) => (one.stem < other.stem ? -1 : 1)),
    files: files.toSorted((one, other) => (one.path < other.path ? -1 : 1)),
    checksums: [...architectures].map((architecture) => ({
      folder: names.imageFolder(architecture),
      name: names.checksumName(architecture),
    })),
    sha512: names.sha512,
  }
}

function planImage(of: DropImage, names: DropNames): PlannedImage {
  const { image, evidence } = of
  const stem = `${names.imageFolder(image.architecture)}/${names.imageName(image)}`
  const told = evidence?.description
  const description = told ? [{ path: `${stem}.description.txt`, artifact: told }] : []
  return { stem, of, files: filesOf(of, stem), seen: evidence ? seenIn(evidence, stem) : [], description }
}

/** The report, what shows the boot that decided, and the logs of the others; their pictures are in the report. */
function seenIn({ console, screenshot, boots = [], reports = [] }: ImageEvidence, stem: string): PlannedImage['seen'] {
  const decided = [
    ...reports.map((artifact) => ({ path: `${stem}.boot-test.${artifact.format}`, artifact })),
    { path: `${stem}.console.log`, artifact: console },
    ...(screenshot ? [{ path: `${stem}.screenshot.png`, artifact: screenshot }] : []),
  ]
  const others = boots.flatMap(({ name, attempt, console: log, requests }) => {
    const boot = attempt === 1 ? name : `${name}-${String(attempt)}`
    return [
      ...(log && log.sha256 !== console.sha256 ? [{ path: `${stem}.${boot}.console.log`, artifact: log }] : []),
      ...(requests ? [{ path: `${stem}.${boot}.requests.jsonl`, artifact: requests }] : []),
    ]
  })
  return [...decided, ...others]
}

function filesOf({ image, artifacts, packages }: DropImage, stem: string): PlannedFile[] {
  const { flavour, architecture } = image
  const common = { image: imageKey(image), flavour, architecture }
  const formats = image.formats.map(({ format }) => {
    const artifact = artifacts.find((one) => one.format === format)
    if (!artifact) throw new PermanentError('bug', `images: ${imageKey(image)} has passed but has no ${format}`)
    return { ...common, artifact, path: `${stem}.${format}` }
  })
  if (!packages) return formats
  if (/^[a-z0-9]{1,8}$/.test(packages.format)) {
    return [...formats, { ...common, artifact: packages, path: `${stem}.packages.${packages.format}` }]
  }
  throw new PermanentError('refused', `packages.format: "${packages.format}" cannot end a file name`)
}
