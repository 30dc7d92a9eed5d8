import { isDeepStrictEqual } from 'node:util'
import type { DropStaged } from '#events/drop-staged.ts'
import type { ImagePublished } from '#events/image-published.ts'
import { imageKey, type DropImage, type Registration } from '#events/vocabulary.ts'
import type { DropIdentity } from '../naming/convention.ts'
import { nameDrop } from '../naming/name-drop.ts'
import { indexedDrop, type IndexedDrop, type IndexedImage, type StreamDocument } from './stream-document.ts'

/** What events tell of a drop. */
export interface ToldDrop extends DropIdentity {
  readonly drop: string
  readonly images: readonly DropImage[]
}

/** How a drop ended, as its event tells. */
export interface End {
  readonly state: 'superseded' | 'withdrawn' | 'expired'
  readonly by: string
  readonly reason: string | null
}

/** Notes a drop that is staged: that it is there, not where, until its day has come. */
export function noteStaged(document: StreamDocument, told: ToldDrop, at: string): StreamDocument {
  if (document.drops.some(({ drop, state }) => drop === told.drop && state === 'blessed')) return document
  return put(document, { ...begin(told), state: 'staged', path: null, blessedBy: null, end: null, files: [] }, at)
}

/** Notes a drop that is open. */
export function noteOpen(
  document: StreamDocument,
  { told, path, files, by }: { readonly told: ToldDrop; readonly by: string } & Pick<DropStaged, 'path' | 'files'>,
  at: string,
): StreamDocument {
  const { imageFolder, imageName } = nameDrop(told)
  const before = document.drops.find(({ drop }) => drop === told.drop)
  const images = told.images.map((one): IndexedImage => {
    const image = describeImage(one)
    const start = `${path}/${imageFolder(image.architecture)}/${imageName(image)}.`
    const own = files.filter((file) => file.image === image.name)
    return {
      ...image,
      files: own.map(({ image: _image, ...file }) => ({ ...file, type: file.path.slice(start.length) })),
      registrations: before?.images.find(({ name }) => name === image.name)?.registrations ?? [],
    }
  })
  const others = files.filter(({ image }) => image === null).map(({ image: _image, ...file }) => file)
  const drop = { ...begin(told), state: 'blessed', path, blessedBy: by, end: null } as const
  const room = before?.state === 'blessed' ? document : makeRoom(document, told.drop, path, at)
  return put(room, { ...drop, images, files: others }, at)
}

/**
 * Notes that a drop is about to take a place. Another one that is open there is superseded, and the drop's own older
 * tree, which lacks what a retry made, is as good as closed.
 */
export function makeRoom(document: StreamDocument, drop: string, path: string, at: string): StreamDocument {
  return document.drops.reduce((now, before) => {
    if (before.path !== path) return now
    if (before.drop === drop) return put(now, { ...closed(before), state: 'staged', blessedBy: null, end: null }, at)
    const end = { state: 'superseded', by: drop, reason: null } as const
    const ended = before.state === 'blessed' ? noteEnd(now, before.drop, end, at) : now
    const over = ended.drops.find((one) => one.drop === before.drop)
    // The place tells of its successor now.
    return over ? put(ended, { ...over, path: null }, at) : ended
  }, document)
}

function closed(drop: IndexedDrop): IndexedDrop {
  const images = drop.images.map((image) => ({ ...image, files: [], registrations: [] }))
  return { ...drop, path: null, images, files: [] }
}

/** Notes where the images of an open drop are public. */
export function notePublished(document: StreamDocument, told: ToldDrop, at: string): StreamDocument {
  const before = document.drops.find(({ drop }) => drop === told.drop)
  if (before?.state !== 'blessed') return document
  const registrations = new Map(told.images.map((one) => [imageKey(one.image), one.registrations]))
  const images = before.images.map((image) => ({
    ...image,
    registrations: (registrations.get(image.name) ?? []).map(publicPart),
  }))
  return put(document, { ...before, images }, at)
}

/**
 * Notes where an image of a published drop is public now: in a region that the drop did not wait for, say. Before the drop is published
 * nothing of it is told.
 */
export function noteRegistrations(document: StreamDocument, told: ImagePublished, at: string): StreamDocument {
  const before = document.drops.find(({ drop }) => drop === told.drop)
  if (before === undefined || pathOfPublished(document, told.drop) === null) return document
  const targets = new Set(told.registrations.map(({ target }) => target))
  const fresh = told.registrations.map(publicPart)
  const images = before.images.map((image) => {
    if (image.name !== imageKey(told.image)) return image
    return { ...image, registrations: [...image.registrations.filter(({ target }) => !targets.has(target)), ...fresh] }
  })
  return put(document, { ...before, images }, at)
}

/** Where an open drop is, once it is told where its images are public; else null. */
export function pathOfPublished({ drops }: StreamDocument, drop: string): string | null {
  const one = drops.find((each) => each.drop === drop)
  const isPublished = one?.images.some(({ registrations }) => registrations.length > 0) === true
  return one?.state === 'blessed' && isPublished ? one.path : null
}

/** Only what is open to everybody is told, so where its publisher tells no state that is it. */
function publicPart({ details: _details, state = 'public', ...registration }: Registration) {
  return { ...registration, state }
}

/** Notes that a drop is over. One that never was open, or that expired, is kept as its name and its end alone. */
export function noteEnd(document: StreamDocument, drop: string, end: End, at: string): StreamDocument {
  const before = document.drops.find((one) => one.drop === drop)
  if (!before || before.state === end.state) return document
  const { state, by, reason } = end
  const successor = successorOf(document, before, by)
  const keeps = before.state === 'blessed' && state !== 'expired'
  const images = keeps ? before.images.map((image) => ({ ...image, registrations: [] })) : []
  const files = keeps ? before.files : []
  return put(document, { ...before, state, end: { by, reason, successor }, images, files }, at)
}

/** The drop that takes the place of one that is over: the one that is named, else the newest open one of its kind. */
function successorOf({ drops }: StreamDocument, { drop, kind }: IndexedDrop, by: string): string | null {
  const others = drops.filter((one) => one.drop !== drop)
  const named = others.find((one) => one.drop === by)
  return (named ?? others.find((one) => one.kind === kind && one.state === 'blessed'))?.drop ?? null
}

function begin({ drop, kind, milestone, compose, images }: ToldDrop) {
  const { location: _location, incomplete: _incomplete, ...ref } = compose
  return { drop, kind, milestone, compose: ref, images: images.map(describeImage) }
}

function describeImage({ image, outcome, failure, checks }: DropImage): IndexedImage {
  return {
    name: imageKey(image),
    flavour: image.flavour,
    architecture: image.architecture,
    verdict: outcome,
    failure: failure && `${failure.step}: ${failure.reason}`,
    checks: checks.map(({ name, outcome: seen }) => ({ name, outcome: seen })),
    files: [],
    registrations: [],
  }
}

/** Puts a drop in its place; told again, it leaves the document as it is, times too. */
function put(document: StreamDocument, drop: Omit<IndexedDrop, 'since' | 'updated'>, at: string): StreamDocument {
  const before = document.drops.find((one) => one.drop === drop.drop)
  const since = before?.state === drop.state ? before.since : at
  // By the schema, which has one order of fields: the same drop is the same bytes.
  const fresh = indexedDrop.parse({ ...drop, since, updated: before?.updated ?? at })
  if (isDeepStrictEqual(before, fresh)) return document
  const changed = { ...fresh, updated: later(fresh.updated, at) }
  const others = document.drops.filter((one) => one !== before)
  const age = ageOf(changed)
  const place = others.findIndex((one) => ageOf(one) < age)
  const drops = others.toSpliced(place === -1 ? others.length : place, 0, changed)
  return { ...document, updated: later(document.updated, at), drops }
}

function later(one: string, other: string): string {
  return one > other ? one : other
}

/** Composes of one day by their respin; drops of one compose by their kind. */
function ageOf({ compose, drop }: IndexedDrop): string {
  return `${compose.date}.${String(compose.respin).padStart(10, '0')} ${drop}`
}
