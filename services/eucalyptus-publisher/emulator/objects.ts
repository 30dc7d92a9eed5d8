import { createHash } from 'node:crypto'
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
  const before = findObject(world, bucket, key)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const md5 = createHash('md5').update(bytes).digest('hex')
  await writeFile(join(world.data, sha256), bytes)
  const modifiedAt = world.now().getTime()
  const record = { id: idOf(bucket, key), bucket, key, acl, size: bytes.length, md5, sha256, modifiedAt, isGone: false }
  await world.objects.save(record)
  if (before !== null && before.sha256 !== sha256) await forget(world, before)
  return record
}

export async function removeObject(world: World, object: ObjectRecord): Promise<void> {
  await world.objects.save({ ...object, isGone: true })
  await forget(world, object)
}

/** The bytes of an object; null when it was removed meanwhile. */
export async function bytesOf({ data }: World, { sha256 }: ObjectRecord): Promise<Buffer | null> {
  try {
    return await readFile(join(data, sha256))
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Whether the cloud's own machinery may read it, which is in the group `aws-exec-read` (`AclUtils`). */
export function isForMachinery({ acl }: ObjectRecord): boolean {
  return ['aws-exec-read', 'ec2-bundle-read', 'public-read', 'public-read-write', 'authenticated-read'].includes(acl)
}

async function forget({ objects, data }: World, { sha256 }: ObjectRecord): Promise<void> {
  if (objects.all().every((one) => one.isGone || one.sha256 !== sha256)) await rm(join(data, sha256), { force: true })
}

function idOf(bucket: string, key: string): string {
  return createHash('sha256').update(`${bucket}/${key}`).digest('hex')
}
