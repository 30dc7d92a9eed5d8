import { getObject, listObjects, type Bucket } from '../api/objects.ts'
import { readManifest } from '../bundle/manifest.ts'

/** Whether a bundle of a disk of this size is all there: its manifest, which comes last, and each part that it names. */
export async function isWhole(
  bucket: Bucket,
  manifest: string,
  size: number | null,
  signal: AbortSignal,
): Promise<boolean> {
  const text = await getObject(bucket, manifest, signal)
  const promised = text === null ? null : readManifest(text.toString('utf8'))
  if (promised === null || (size !== null && promised.size !== size)) return false
  const folder = manifest.slice(0, manifest.lastIndexOf('/') + 1)
  const found = new Map((await listObjects(bucket, folder, signal))?.map((one) => [one.key, one.size]))
  const sizes = promised.parts.map((part) => found.get(folder + part) ?? NaN)
  return sizes.reduce((sum, one) => sum + one, 0) === promised.bundledSize
}
