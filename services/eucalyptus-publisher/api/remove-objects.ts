import { all } from '#publishing/all.ts'
import { listObjects, removeObject, type Bucket } from './objects.ts'

const atOnce = 4

/** Removes the objects whose keys begin so, several at once; what is gone stays gone. */
export async function removeObjects(bucket: Bucket, prefix: string, signal: AbortSignal): Promise<void> {
  const left = ((await listObjects(bucket, prefix, signal)) ?? []).map(({ key }) => key)
  await all(Array.from({ length: atOnce }), async () => {
    for (let key = left.shift(); key !== undefined; key = left.shift()) await removeObject(bucket, key, signal)
  })
}
