import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { dropPublished, type DropPublished } from '#events/drop-published.ts'
import type { EnvelopeOf } from '#events/envelope.ts'
import type { imagePublished, ImagePublished } from '#events/image-published.ts'
import type { imageUploaded, ImageUploaded } from '#events/image-uploaded.ts'
import { imageKey, type DropImage } from '#events/vocabulary.ts'
import { describeIssues, parseBody } from '#events/parse.ts'
import { readIfThere, writeDurably } from '#files/durable.ts'
import { previousOf } from './changes/previous.ts'
import { createShelves, shelfOf, valueOf, type Shelves } from './shelves.ts'
import { changes as changesShape, type Changes } from './changes/changes.ts'

/** A published drop as it was heard of: all that people are told is made of this. */
export interface Publication {
  readonly at: string
  readonly body: DropPublished
  readonly withdrawn: Withdrawal | null
  /** What is different from the drop before it; null for the first of its kind. */
  readonly changes: Changes | null
}

/** That a drop was withdrawn, by the drop or the person that took its place, or by the retention policy. */
export interface Withdrawal {
  readonly why: 'superseded' | 'expired'
  readonly by: string
  /** What a person gave as the reason. */
  readonly reason?: string | undefined
  readonly at: string
}

/** The drops that people were told of, until they expire: a file each, as other processes may share the folder. */
export interface Publications {
  /** Notes a publication; time and changes stay those of the first. */
  publish(
    body: DropPublished,
    at: string,
    findChanges: (previous: DropPublished) => Promise<Changes | null>,
  ): Promise<Publication>
  /**
   * Notes where an image is now; null for a drop that is not noted, and when it was known. Of an upload, where nothing is known
   * yet: it may be heard after what became of it.
   */
  place(word: EnvelopeOf<typeof imageUploaded | typeof imagePublished>): Promise<Publication | null>
  /** Null for a drop that is not noted. */
  withdraw(drop: string, withdrawal: Withdrawal): Promise<Publication | null>
  forget(drop: string): Promise<void>
  all(): Promise<Listing>
}

/** All publications at one moment: the same object as long as none of them changes. */
export interface Listing {
  readonly publications: readonly Publication[]
}

/**
 * Keeps publications in a folder, spread over shelves so that a look at what has changed costs little. A file is read and checked
 * again only when it has changed. Files that lie in the folder of before, where they were when there were no shelves, are moved.
 */
export function createPublications(folder: string, { before }: { readonly before?: string } = {}): Publications {
  const pathOf = (drop: string) => join(folder, shelfOf(drop), `${drop}.json`)
  const look = createShelves(folder, { read, before: before ?? folder })
  let listing: Listing | null = null
  let listed: Shelves<Publication> | null = null

  async function write(publication: Publication, before: Publication | null): Promise<Publication> {
    const text = serialize(publication)
    if (before === null || serialize(before) !== text) await writeDurably(pathOf(publication.body.drop), text)
    return publication
  }

  /** Those that cannot be read are named when all are shown, and keep no other from being told of. */
  async function readable(): Promise<DropPublished[]> {
    return (await look()).flatMap((shelf) => shelf.flatMap(({ read: one }) => ('value' in one ? [one.value.body] : [])))
  }

  return {
    async publish(body, at, findChanges) {
      const before = await read(pathOf(body.drop))
      if (before) return await write({ ...before, body }, before)
      const previous = previousOf(body, await readable())
      return await write({ at, body, withdrawn: null, changes: previous && (await findChanges(previous)) }, null)
    },
    async place({ subject, body: word }) {
      const before = await read(pathOf(word.drop))
      if (!before) return null
      const images = before.body.images.map((one) => {
        if (imageKey(one.image) !== imageKey(word.image)) return one
        return subject === 'image.uploaded.v1' && isPlaced(one, word) ? one : placed(one, word)
      })
      const after = { ...before, body: { ...before.body, images } }
      return serialize(after) === serialize(before) ? null : await write(after, before)
    },
    async withdraw(drop, withdrawal) {
      const before = await read(pathOf(drop))
      if (!before) return null
      const { withdrawn } = before
      const isKnown = withdrawn?.why === withdrawal.why || withdrawn?.why === 'expired'
      return isKnown ? before : await write({ ...before, withdrawn: withdrawal }, before)
    },
    async forget(drop) {
      await rm(pathOf(drop), { force: true })
    },
    async all() {
      const shelves = await look()
      if (listing === null || shelves !== listed) {
        listing = { publications: shelves.flatMap((shelf) => shelf.map(({ read: one }) => valueOf(one))) }
        listed = shelves
      }
      return listing
    },
  }
}

function isPlaced({ registrations }: DropImage, word: ImageUploaded): boolean {
  return registrations.some(({ target }) => word.registrations.some((one) => one.target === target))
}

/** A publisher's later word takes the place of its earlier one; what others said stays. */
function placed({ missing: lacking = [], ...one }: DropImage, word: ImageUploaded | ImagePublished): DropImage {
  const targets = new Set(word.registrations.map(({ target }) => target))
  const ofOthers = ({ target }: { readonly target: string }) => !targets.has(target)
  const missing = [...lacking.filter(ofOthers), ...(word.missing ?? [])]
  const registrations = [...one.registrations.filter(ofOthers), ...word.registrations]
  return { ...one, registrations, ...(missing.length === 0 ? {} : { missing }) }
}

function serialize(publication: Publication): string {
  return `${JSON.stringify(publication, null, 2)}\n`
}

const shape = z.object({
  at: z.iso.datetime(),
  body: z.unknown(),
  withdrawn: z
    .object({
      why: z.enum(['superseded', 'expired']),
      by: z.string(),
      reason: z.string().optional(),
      at: z.iso.datetime(),
    })
    .nullable(),
  changes: changesShape.nullable().default(null),
})

async function read(path: string): Promise<Publication | null> {
  const bytes = await readIfThere(path)
  if (bytes === null) return null
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    const parsed = shape.safeParse(value)
    if (!parsed.success) throw new Error(describeIssues(parsed.error, value))
    return { ...parsed.data, body: parseBody(dropPublished.subject, parsed.data.body) as DropPublished }
  } catch (error) {
    throw new Error(`${path} is no published drop: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
