import { createHash, randomUUID } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from '#files/errors.ts'
import type { ObjectRecord } from './records.ts'
import type { World } from './world.ts'

/** An object that is there; null when it is not. */
export function findObject({ objects }: World, bucket: string, key: string): ObjectRecord | null {
  const found = objects.get(idOf(bucket, key))
  return found?.isGone === false ? found : null
}

/** The objects of a bucket in the order of their keys. */
export function objectsOf({ objects }: World, bucket: string): ObjectRecord[] {
  const there = objects.all().filter((one) => one.bucket === bucket && !one.isGone)
  return there.toSorted((one, other) => (one.key < other.key ? -1 : 1))
}

export async function keepObject(
  world: World,
  { bucket, key, acl }: Pick<ObjectRecord, 'bucket' | 'key' | 'acl'>,
  bytes: Buffer,
): Promise<ObjectRecord> {
  const file = randomUUID()
  const md5 = createHash('md5').update(bytes).digest('hex')
  await writeFile(join(world.data, file), bytes)
  const before = findObject(world, bucket, key)
  const modifiedAt = world.now().getTime()
  const record = { id: idOf(bucket, key), bucket, key, acl, size: bytes.length, md5, file, modifiedAt, isGone: false }
  await world.objects.save(record)
  if (before !== null) await rm(join(world.data, before.file), { force: true })
  return record
}

export async function removeObject(world: World, object: ObjectRecord): Promise<void> {
  await world.objects.save({ ...object, isGone: true })
  await rm(join(world.data, object.file), { force: true })
}

/** An object with its bytes; null when it is not there. */
export async function readObject(
  world: World,
  bucket: string,
  key: string,
): Promise<{ readonly object: ObjectRecord; readonly bytes: Buffer } | null> {
  for (let object = findObject(world, bucket, key); object !== null; object = findObject(world, bucket, key)) {
    try {
      return { object, bytes: await readFile(join(world.data, object.file)) }
    } catch (error) {
      // It was put again meanwhile, or removed.
      if (!isMissing(error) || findObject(world, bucket, key)?.file === object.file) throw error
    }
  }
  return null
}

/** Whether the cloud's own machinery may read it, which is in the group `aws-exec-read` (`AclUtils`). */
export function isForMachinery({ acl }: ObjectRecord): boolean {
  return ['aws-exec-read', 'ec2-bundle-read', 'public-read', 'public-read-write', 'authenticated-read'].includes(acl)
}

function idOf(bucket: string, key: string): string {
  return createHash('sha256').update(`${bucket}/${key}`).digest('hex')
}
