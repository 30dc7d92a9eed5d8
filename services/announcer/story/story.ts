import type { DropPublished } from '#events/drop-published.ts'
import { imageKey, type CheckResult, type DropImage, type MirroredFile } from '#events/vocabulary.ts'
import type { DropRecord } from '../records.ts'
import type { LinkTo } from './link.ts'
import { cleanText } from './words.ts'
import { titleOf } from './title.ts'

/** One published drop as people read of it: what mail, feed and page have in common. All text is one clean line. */
export interface Story {
  readonly drop: string
  readonly title: string
  readonly compose: string
  readonly blessedBy: string
  readonly publishedAt: string
  /** When what is told of the drop last changed. */
  readonly changedAt: string
  /** Where the tree is. */
  readonly place: Link
  readonly images: readonly StoryImage[]
  /** CHECKSUM files, indexes: what belongs to no single image. */
  readonly otherFiles: readonly Download[]
  /** The drop that took its place, or the person that withdrew it; null while it stands. */
  readonly supersededBy: string | null
}

/** A name and where it leads. */
export interface Link {
  readonly name: string
  readonly url: string
}

export interface Download extends Link {
  readonly sha256: string
  readonly size: number
}

export interface StoryImage {
  readonly key: string
  readonly passed: boolean
  readonly downloads: readonly Download[]
  readonly amis: readonly StoryAmi[]
  readonly checks: readonly CheckResult[]
  /** How long after power-on the last check was decided, in seconds. */
  readonly testedIn: number
  /** Step and reason, when the image failed. */
  readonly failure: string | null
}

export interface StoryAmi {
  readonly region: string
  readonly id: string
  readonly name: string
  readonly emulated: boolean
}

/** Tells a published drop; null when the record is of a drop that was never published. */
export function tellStory({ published, withdrawn }: DropRecord, linkTo: LinkTo): Story | null {
  if (!published) return null
  const { at, body } = published
  return {
    drop: body.drop,
    title: titleOf(body),
    compose: cleanText(body.compose.id),
    blessedBy: cleanText(body.by),
    publishedAt: at,
    changedAt: withdrawn?.at ?? at,
    place: { name: cleanText(body.path), url: linkTo(body.path) },
    images: body.images.map((image) => tellImage(image, body, linkTo)),
    otherFiles: body.files.filter((file) => file.image === null).map((file) => tellFile(file, linkTo)),
    supersededBy: withdrawn ? cleanText(withdrawn.by) : null,
  }
}

function tellImage(one: DropImage, { files }: DropPublished, linkTo: LinkTo): StoryImage {
  const key = imageKey(one.image)
  return {
    key,
    passed: one.outcome === 'passed',
    downloads: files.filter((file) => file.image === key).map((file) => tellFile(file, linkTo)),
    amis: one.registrations.map(({ place, id, name, emulated }) => ({
      region: cleanText(place),
      id: cleanText(id),
      name: cleanText(name),
      emulated,
    })),
    checks: one.checks.map((check) => ({ ...check, name: cleanText(check.name), detail: cleanText(check.detail) })),
    testedIn: Math.max(0, ...one.checks.map((check) => check.seconds)),
    failure: one.failure && `${cleanText(one.failure.step)}: ${cleanText(one.failure.reason)}`,
  }
}

function tellFile({ path, sha256, size }: MirroredFile, linkTo: LinkTo): Download {
  return { name: cleanText(path.slice(path.lastIndexOf('/') + 1)), url: linkTo(path), sha256: cleanText(sha256), size }
}
