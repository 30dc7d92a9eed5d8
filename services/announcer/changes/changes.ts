import type { ArtifactStore } from '#artifacts/store.ts'
import type { DropPublished } from '#events/drop-published.ts'
import { imageKey, type DropImage } from '#events/vocabulary.ts'
import { z } from 'zod'
import { comparePackages, packageChange } from './compare-packages.ts'
import { readPackages } from './read-packages.ts'

const imageChanges = z.object({
  image: z.string(),
  /** By how many bytes its first format has grown; null where one of the two has none. */
  growth: z.object({ format: z.string(), bytes: z.number() }).nullable(),
  /** By how many seconds its boot test took longer. */
  slower: z.number().nullable(),
  /** Whether the lists of its packages were compared: both could be read. */
  compared: z.boolean(),
})

/** What is different from the last drop of the kind. Small, as it is kept with the drop. */
export const changes = z.object({
  /** The drop that it is compared with. */
  since: z.string(),
  images: z.array(imageChanges),
  packages: z.array(packageChange),
})
export type Changes = z.infer<typeof changes>

/** What a comparison reads package lists with. */
export interface PackageLists {
  readonly artifacts: Pick<ArtifactStore, 'open'>
  readonly signal: AbortSignal
  /** Told of a list that cannot be read: its image is then compared without it. */
  readonly onUnreadable: (error: unknown, image: string) => void
}

/** Compares a drop with the one before it, image by image; those that only one of them has, or that failed, are left out. */
export async function findChanges(
  { images, files }: DropPublished,
  before: DropPublished,
  reading: PackageLists,
): Promise<Changes> {
  const pairs = images.flatMap((image) => {
    const earlier = before.images.find((one) => imageKey(one.image) === imageKey(image.image))
    return earlier?.outcome === 'passed' && image.outcome === 'passed' ? [{ image, earlier }] : []
  })
  const compared = await Promise.all(
    pairs.map(async ({ image, earlier }) => {
      const key = imageKey(image.image)
      const read = (one: DropImage) => packagesOf(one, reading)
      const [packages, earlierPackages] = await Promise.all([read(image), read(earlier)])
      return {
        image: key,
        growth: growthOf(image, { files, before: before.files }),
        slower: differenceOf(bootTime(image), bootTime(earlier)),
        lists: packages && earlierPackages && { packages, earlier: earlierPackages },
      }
    }),
  )
  return {
    since: before.drop,
    images: compared.map(({ lists, ...one }) => ({ ...one, compared: lists !== null })),
    packages: comparePackages(compared.flatMap(({ image, lists }) => (lists ? [{ image, ...lists }] : []))),
  }
}

async function packagesOf({ image, packages }: DropImage, { artifacts, signal, onUnreadable }: PackageLists) {
  if (packages === null) return null
  try {
    return await readPackages(await artifacts.open(packages, signal))
  } catch (error) {
    signal.throwIfAborted()
    onUnreadable(error, imageKey(image))
    return null
  }
}

type Files = DropPublished['files']

function growthOf({ image }: DropImage, { files, before }: { readonly files: Files; readonly before: Files }) {
  const key = imageKey(image)
  for (const { format } of image.formats) {
    const sizeIn = (all: Files) => all.find((file) => file.image === key && file.path.endsWith(`.${format}`))?.size
    const bytes = differenceOf(sizeIn(files), sizeIn(before))
    if (bytes !== null) return { format, bytes }
  }
  return null
}

function bootTime({ checks }: DropImage): number | undefined {
  return checks.length === 0 ? undefined : Math.max(...checks.map(({ seconds }) => seconds))
}

function differenceOf(now: number | undefined, then: number | undefined): number | null {
  return now === undefined || then === undefined ? null : now - then
}
