import { sideBySide } from '#service/side-by-side.ts'
import { listObjects, removeObject, type Bucket } from './objects.ts'

/** Removes the objects whose keys begin so, several at once; what is gone stays gone. */
export async function removeObjects(bucket: Bucket, prefix: string, signal: AbortSignal): Promise<void> {
  const found = (await listObjects(bucket, prefix, signal)) ?? []
  const removals = found.map(
    ({ key }) =>
      (stop: AbortSignal) =>
        removeObject(bucket, key, stop),
  )
  await sideBySide(removals, { atOnce: 4, signal })
}
