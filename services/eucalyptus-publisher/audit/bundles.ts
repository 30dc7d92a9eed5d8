import type { ClaimedDrop } from '#service/audit.ts'
import { listObjects, type Bucket } from '../api/objects.ts'
import { bundleAt, dropOfFolder, folderOf, type BundleName } from '../upload/place-of-bundle.ts'

/** The bundles in a bucket, whole or not, each once. What else lies there is somebody else's. */
export async function findBundles(bucket: Bucket, signal: AbortSignal): Promise<BundleName[]> {
  const objects = (await listObjects(bucket, '', signal)) ?? []
  const byFolder = new Map(objects.flatMap(({ key }) => bundleAt(key) ?? []).map((one) => [one.folder, one]))
  return [...byFolder.values()]
}

/** Tells whose a bundle is, by the name of its folder; of a drop that is not among these, as well as can be. */
export function dropsByFolder(drops: readonly ClaimedDrop[]): (bundle: BundleName) => string {
  const known = new Map(drops.map(({ drop }) => [folderOf(drop), drop]))
  return ({ ofDrop }) => known.get(ofDrop) ?? dropOfFolder(ofDrop)
}
