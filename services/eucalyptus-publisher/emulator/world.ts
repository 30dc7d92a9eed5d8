import type { KeyObject } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { openRecords, type RecordStore } from '#files/record-store.ts'
import { openCloudKey } from './cloud-key.ts'
import {
  bucketRecord,
  imageRecord,
  objectRecord,
  type BucketRecord,
  type ImageRecord,
  type ObjectRecord,
} from './records.ts'

/** Somebody who has a key of the cloud. */
export interface Account {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly accountId: string
  /** PEM; what it bundles must be signed by the key of this. */
  readonly certificate?: string
  /** Operations that its policies do not allow: `RegisterImage`, `PutObject`; `*` for all. */
  readonly denied?: readonly string[]
}

/** Everything that the emulated cloud consists of. */
export interface World {
  readonly images: RecordStore<ImageRecord>
  readonly buckets: RecordStore<BucketRecord>
  readonly objects: RecordStore<ObjectRecord>
  /** Where the bytes of objects are. */
  readonly data: string
  /** What bundles are encrypted for. */
  readonly cloud: { readonly certificate: string; readonly privateKey: KeyObject }
  readonly accounts: readonly Account[]
  /** GiB of the largest image that may be registered. */
  readonly mostGib: number
  /** Most objects of one page of a list. */
  readonly mostKeys: number
  readonly now: () => Date
  readonly log: Logger
}

/** Opens the world that a folder holds. */
export async function openWorld(
  folder: string,
  rules: Pick<World, 'accounts' | 'mostGib' | 'mostKeys' | 'now' | 'log'>,
): Promise<World> {
  const data = join(folder, 'data')
  await mkdir(data, { recursive: true })
  return {
    ...rules,
    data,
    images: await openRecords(join(folder, 'images'), imageRecord),
    buckets: await openRecords(join(folder, 'buckets'), bucketRecord),
    objects: await openRecords(join(folder, 'objects'), objectRecord),
    cloud: await openCloudKey(join(folder, 'cloud-key.pem')),
  }
}
