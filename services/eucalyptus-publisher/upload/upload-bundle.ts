import { createHash } from 'node:crypto'
import { TransientError } from '#service/errors.ts'
import { patiently, type Pace } from '#publishing/wait.ts'
import { ensureBucket, getObject, listObjects, putObject, type Bucket } from '../api/objects.ts'
import { bundleDisk, type Part } from '../bundle/bundle-disk.ts'
import { renderManifest } from '../bundle/manifest.ts'
import type { Keys, Place } from '../places.ts'
import { isWhole } from './is-whole.ts'
import { architectureOf, type Order } from './order.ts'
import { diskName, type PlaceOfBundle } from './place-of-bundle.ts'

/** So much of each part is read back. */
const sample = 64 * 1024

interface Uploading {
  readonly compression: number
  readonly pace: Pace
  readonly onBytes: (count: number) => void
  readonly onSent: (count: number) => void
  readonly onPhase: (phase: string) => void
}

/**
 * Puts the bundle of an order where it belongs, the manifest last. What is there already is not sent again: each try makes
 * the same bytes.
 */
export async function uploadBundle(
  { bucket }: Place,
  order: Order,
  keys: Keys,
  { folder, manifest, secrets }: PlaceOfBundle,
  { compression, pace, onBytes, onSent, onPhase }: Uploading,
): Promise<void> {
  const { disk, image } = order
  const { signal } = pace
  onPhase('looking for the bundle')
  const listed = await listObjects(bucket, folder, signal)
  if (listed === null) await ensureBucket(bucket, signal)
  const there = new Map(listed?.map(({ key, md5 }) => [key, md5]))
  if (there.has(manifest) && (await isWhole(bucket, manifest, disk.size, signal))) return
  onPhase('sending the bundle')
  const onPart = async ({ name, bytes }: Part) => {
    const key = folder + name
    if (there.get(key) === createHash('md5').update(bytes).digest('hex')) return
    await putSeen(bucket, key, bytes, pace)
    onSent(bytes.length)
  }
  const bundle = await bundleDisk({ name: diskName, disk, secrets, compression, onPart, onBytes, signal })
  const architecture = architectureOf(image.architecture) ?? ''
  const text = renderManifest({ ...keys, name: diskName, architecture, size: disk.size, bundle, secrets })
  await putSeen(bucket, manifest, Buffer.from(text), pace)
}

/** Puts an object, and reads its beginning back: a storage may answer for what it has not kept. */
async function putSeen(bucket: Bucket, key: string, bytes: Buffer, pace: Pace): Promise<void> {
  const { signal } = pace
  const put = async () => {
    await putObject(bucket, key, bytes, signal)
    const beginning = bytes.subarray(0, sample)
    const back = await getObject(bucket, key, signal, beginning.length)
    if (back?.equals(beginning) !== true)
      throw new TransientError(`${bucket.connection.place}: ${bucket.name}/${key} does not read as it was written`)
  }
  // What is sent anew at the next try costs the whole compression.
  await patiently(put, (error) => error instanceof TransientError, pace)
}
