import { readManifestAt } from '../emulator/register-image.ts'
import { objectsOf } from '../emulator/objects.ts'
import type { ImageRecord } from '../emulator/records.ts'
import { unbundle } from '../emulator/unbundle.ts'
import type { World } from '../emulator/world.ts'

/** The images that are there, whoever made them. */
export function imagesIn({ images }: World): ImageRecord[] {
  return images.all().filter(({ state }) => state === 'available')
}

/** The keys of all objects, with their buckets. */
export function objectsIn(world: World): string[] {
  const buckets = world.buckets.all().filter(({ isGone }) => !isGone)
  return buckets.flatMap(({ id }) => objectsOf(world, id).map(({ key }) => `${id}/${key}`))
}

/** The disk that a machine of this image would start with; null when it would not. */
export async function diskOf(world: World, { location }: ImageRecord): Promise<Buffer | null> {
  try {
    const { manifest, where } = await readManifestAt(world, location)
    const chunks: Buffer[] = []
    for await (const chunk of unbundle(world, manifest, where)) chunks.push(chunk)
    return Buffer.concat(chunks)
  } catch {
    return null
  }
}
