import type { FindingKind } from '#events/cloud-audited.ts'
import type { DropPublished } from '#events/drop-published.ts'
import { imageKey, type BuiltBy, type CheckResult, type DropImage, type MirroredFile } from '#events/vocabulary.ts'
import { nothingFound, type AuditListing } from '../audits.ts'
import type { Publication, Withdrawal } from '../publications.ts'
import { tellChanges, type StoryChanges } from './changes.ts'
import { cleanText, dayInWords, failureInWords } from './words.ts'
import { titleOf } from './title.ts'

/** One published drop as people read of it: what all channels have in common. All text is one clean line. */
export interface Story {
  readonly drop: string
  readonly title: string
  /** What all drops of a release have in common: `Debian-12`. */
  readonly release: string
  readonly compose: string
  /** The candidate's label, `Beta-1.2`; null for a scratch drop. */
  readonly label: string | null
  /** The day of the compose, `2026-07-11`. */
  readonly day: string
  readonly blessedBy: string
  readonly publishedAt: string
  /** When what is told of the drop last changed. */
  readonly changedAt: string
  readonly tree: MirrorPath
  readonly images: readonly StoryImage[]
  /** CHECKSUM files, indexes: what belongs to no single image. */
  readonly otherFiles: readonly Download[]
  /** By which key its checksums are signed; null when they are not. */
  readonly signature: { readonly fingerprint: string; readonly key: MirrorPath } | null
  /** What is different from the drop before it; null for the first of its kind. */
  readonly changes: StoryChanges | null
  /** Null while it stands. */
  readonly withdrawn: { readonly why: Withdrawal['why']; readonly by: string; readonly reason: string | null } | null
}

/** Something on the mirror. */
export interface MirrorPath {
  readonly name: string
  /** As it came, for `linkBelow` to make a link of. */
  readonly path: string
}

export interface Download extends MirrorPath {
  readonly sha256: string
  readonly size: number
  /** The format of the image that it is; null for what describes one. */
  readonly format: string | null
  /** Other ways to fetch it, from many places at once: a metalink, a torrent. */
  readonly alternatives: readonly (MirrorPath & { readonly title: string })[]
}

export interface StoryImage {
  readonly key: string
  readonly passed: boolean
  /** The image in its formats before what describes it. */
  readonly downloads: readonly Download[]
  readonly targets: readonly StoryTarget[]
  readonly checks: readonly CheckResult[]
  /** The boot test's report, when it lies beside the image. */
  readonly bootReport: MirrorPath | null
  /** How long after power-on the last check was decided, in seconds. */
  readonly testedIn: number
  /** What built it; null when nothing did. */
  readonly engine: {
    readonly name: string
    /** Which engines could not, and why. */ readonly earlier: readonly string[]
  } | null
  /** Step and reason, when the image failed. */
  readonly failure: string | null
}

/** Where an image is registered, by target. */
export interface StoryTarget {
  readonly name: string
  /** `Amazon EC2` */
  readonly title: string
  readonly registrations: readonly StoryRegistration[]
  /** Places that are to have the image too, and have it not yet. */
  readonly missing: readonly string[]
}

export interface StoryRegistration {
  readonly place: string
  readonly id: string
  readonly name: string
  readonly emulated: boolean
  /** How it stands there, as its publisher says: `in review`; null where it is simply there. */
  readonly state: string | null
  /** What an audit found to be wrong with it since: `not public since 26 April 2018`; null when nothing is known to be. */
  readonly trouble: string | null
}

/** What people call each target; one that is not in it goes by its own name. */
export type Titles = ReadonlyMap<string, string>

/** Tells a published drop. */
export function tellStory(
  { at, body, withdrawn, changes }: Publication,
  titles: Titles,
  audits: AuditListing = nothingFound,
): Story {
  const { compose } = body
  return {
    drop: body.drop,
    title: titleOf(body),
    release: `${compose.short}-${compose.version}`,
    compose: cleanText(compose.id),
    label: body.kind === 'milestone' ? cleanText(compose.label ?? body.milestone ?? body.kind) : null,
    day: compose.date.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'),
    blessedBy: cleanText(body.by),
    publishedAt: at,
    changedAt: withdrawn?.at ?? at,
    tree: { name: cleanText(body.path), path: body.path },
    images: body.images.map((image) => tellImage(image, body, { titles, audits })),
    otherFiles: otherFilesOf(body).map((file) => tellFile(file, [])),
    signature: tellSignature(body),
    changes: changes && tellChanges(changes),
    withdrawn: withdrawn && {
      why: withdrawn.why,
      by: cleanText(withdrawn.by),
      reason: withdrawn.reason === undefined ? null : cleanText(withdrawn.reason),
    },
  }
}

/** What lies beside an image (`<image>.spdx.json`, …) is a click away in the tree: a page with all of it is too long to read. */
function otherFilesOf({ files }: DropPublished): MirroredFile[] {
  const stems = files.flatMap(({ path, image }) =>
    image === null ? [] : (/^(.*\.)packages\.\w+$/.exec(path)?.[1] ?? []),
  )
  return files.filter(({ path, image }) => image === null && !stems.some((stem) => path.startsWith(stem)))
}

function tellSignature({ signature }: DropPublished): Story['signature'] {
  if (signature === undefined) return null
  const { fingerprint, key } = signature
  return { fingerprint: cleanText(fingerprint), key: { name: cleanText(key), path: key } }
}

interface Knowledge {
  readonly titles: Titles
  readonly audits: AuditListing
}

function tellImage(one: DropImage, { files }: DropPublished, known: Knowledge): StoryImage {
  const key = imageKey(one.image)
  const formats = one.image.formats.map(({ format }) => format)
  const downloads = files
    .filter((file) => file.image === key)
    .map((file) => ({ ...tellFile(file, formats), alternatives: alternativesOf(file, files) }))
  return {
    key,
    passed: one.outcome === 'passed',
    downloads: downloads.toSorted((file, other) => Number(file.format === null) - Number(other.format === null)),
    targets: tellTargets(one, known),
    checks: one.checks.map(tellCheck),
    bootReport: bootReportOf(downloads, files),
    testedIn: Math.max(0, ...one.checks.map((check) => check.seconds)),
    engine: one.engine && tellEngine(one.engine),
    failure: one.failure && failureInWords(one.failure),
  }
}

function tellCheck({ name, detail, waived, ...check }: CheckResult): CheckResult {
  return {
    ...check,
    name: cleanText(name),
    detail: cleanText(detail),
    ...(waived && { waived: { ...waived, reason: cleanText(waived.reason) } }),
  }
}

function tellEngine({ name, version, earlier }: BuiltBy): NonNullable<StoryImage['engine']> {
  const reasons = earlier.map((one) => cleanText(`${one.name} could not (${one.class}): ${one.reason}`))
  return { name: cleanText(`${name} ${version}`), earlier: reasons }
}

/** Files beside an image are named as its package list is, but for their ends. */
function bootReportOf(downloads: readonly Download[], files: readonly MirroredFile[]): MirrorPath | null {
  const stems = downloads.flatMap(({ path }) => /^(.*)\.packages\.\w+$/.exec(path)?.[1] ?? [])
  const reports = files.filter(({ path }) => stems.some((stem) => path.startsWith(`${stem}.boot-test.`)))
  // The one for people, where there is one.
  const report =
    reports.find(({ path }) => path.endsWith('.html')) ?? reports.find(({ path }) => path.endsWith('.json'))
  return report ? tellFile(report, []) : null
}

function tellTargets({ registrations, missing = [] }: DropImage, { titles, audits }: Knowledge): StoryTarget[] {
  const byTarget = Map.groupBy(registrations, ({ target }) => target)
  return [...byTarget].map(([target, group]) => ({
    name: target,
    title: cleanText(titles.get(target) ?? target),
    registrations: group.map(({ place, id, name, emulated, state }) => ({
      place: cleanText(place),
      id: cleanText(id),
      name: cleanText(name),
      emulated,
      state: state === undefined ? null : cleanText(state),
      trouble: tellTrouble(audits.findingOn({ target, place, id })),
    })),
    missing: missing.filter((one) => one.target === target).map(({ place }) => cleanText(place)),
  }))
}

const troubles: Partial<Record<FindingKind, string>> = {
  gone: 'not there',
  private: 'not public',
  unavailable: 'not available',
}

function tellTrouble(finding: ReturnType<AuditListing['findingOn']>): string | null {
  const trouble = finding && troubles[finding.kind]
  return trouble ? `${trouble} since ${dayInWords(finding.since)}` : null
}

const titlesOfAlternatives = { meta4: 'metalink', torrent: 'torrent' }

function alternativesOf({ path }: MirroredFile, files: readonly MirroredFile[]): Download['alternatives'] {
  return Object.entries(titlesOfAlternatives).flatMap(([ending, title]) => {
    const file = files.find((one) => one.path === `${path}.${ending}`)
    return file ? [{ name: tellFile(file, []).name, path: file.path, title }] : []
  })
}

function tellFile({ path, sha256, size }: MirroredFile, formats: readonly string[]): Download {
  const format = formats.find((one) => path.endsWith(`.${one}`)) ?? null
  return {
    name: cleanText(path.slice(path.lastIndexOf('/') + 1)),
    path,
    sha256: cleanText(sha256),
    size,
    format,
    alternatives: [],
  }
}
