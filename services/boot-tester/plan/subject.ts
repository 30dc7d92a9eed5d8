import { z } from 'zod'
import type { ComposeRef, ImagePlan } from '#events/vocabulary.ts'
import { section } from '#service/yaml-file.ts'

/** An image as rows of policy know it. */
export interface Subject {
  /** `debian-12`, `fedora-rawhide`: short name and version of its release. */
  readonly distribution: string
  readonly flavour: string
  readonly architecture: string
  /** The type of its compose: `production` of a milestone, `nightly`; unknown of what is no image of a compose. */
  readonly compose?: string
}

const patterns = z
  .array(z.string().regex(/^[a-z0-9*][a-z0-9*._-]*$/, 'expected a name in small letters, * stands for any letters'))
  .min(1)
  .optional()

/** What a row of policy may say of the images that it is about; what it leaves out, it does not mind. */
export const subjectPatterns = {
  distribution: patterns.describe('Short name and version of the release: `fedora-*`'),
  flavour: patterns,
  architecture: patterns,
  compose: patterns.describe('Type of the compose: `production` of a milestone, `nightly`'),
} as const

const row = section(subjectPatterns)
/** The images that a row of policy is about. */
export type SubjectPatterns = z.infer<typeof row>

/** An image of a compose, as rows of policy know it. */
export function subjectOf(
  { flavour, architecture }: Pick<ImagePlan, 'flavour' | 'architecture'>,
  { short, version, type }: Pick<ComposeRef, 'short' | 'version' | 'type'>,
): Subject {
  return { distribution: `${short}-${version}`.toLowerCase(), flavour, architecture, compose: type }
}

/** Whether a row of policy is about an image. */
export function isAbout(row: SubjectPatterns, subject: Subject): boolean {
  const keys = ['distribution', 'flavour', 'architecture', 'compose'] as const
  return keys.every((key) => matchesOne(row[key], subject[key]))
}

/** Whether a name is one of those that some patterns stand for; without patterns, every name is. */
export function matchesOne(wanted: readonly string[] | undefined, name: string | undefined): boolean {
  if (wanted === undefined) return true
  return name !== undefined && wanted.some((pattern) => isLike(pattern, name))
}

/** `*` stands for any letters, also none. Pieces are looked for one after the other, so that no pattern takes long. */
function isLike(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return pattern === name
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const piece of rest) {
    const found = name.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
