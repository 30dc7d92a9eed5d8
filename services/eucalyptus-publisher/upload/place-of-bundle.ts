import { imageKey } from '#events/vocabulary.ts'
import { deriveSecrets, type BundleSecrets } from '../bundle/bundle-secrets.ts'
import { readCertificate } from '../bundle/encrypt-for.ts'
import type { Keys, Place } from '../places.ts'
import type { Order } from './order.ts'

/** The disk in the archive, and how the names of the bundle's objects begin. */
export const diskName = 'disk'

/** Where the bundle of an order lies, and what it is encrypted with. */
export interface PlaceOfBundle {
  /** With a slash at the end. */
  readonly folder: string
  readonly manifest: string
  readonly secrets: BundleSecrets
}

/** The keys of all objects of a drop begin so: by it an image is known as ours, whoever else uses the account. */
export function folderOf(drop: string): string {
  // The two letters of names that clients and storages do not all sign alike.
  return `${drop.replaceAll('+', '_2B').replaceAll('~', '_7E')}/`
}

/** The drop whose folder this is. One with `_2B` or `_7E` in its own name is told with other letters. */
export function dropOfFolder(folder: string): string {
  return folder.replace(/\/$/, '').replaceAll('_2B', '+').replaceAll('_7E', '~')
}

/** What the key of an object says of its bundle. */
export interface BundleName {
  /** Where it lies, as in PlaceOfBundle. */
  readonly folder: string
  /** `folderOf` of its drop. */
  readonly ofDrop: string
  /** `generic.x86_64` */
  readonly image: string
}

/** The bundle that an object is part of; null for one that we have not put. */
export function bundleAt(key: string): BundleName | null {
  const { folder, ofDrop, image } = bundlePattern.exec(key)?.groups ?? {}
  return folder === undefined || ofDrop === undefined || image === undefined ? null : { folder, ofDrop, image }
}

/** The bundle that an image is registered from; null for one that we have not put. */
export function bundleOf({ bucket }: Pick<Place, 'bucket'>, location: string): BundleName | null {
  return location.startsWith(`${bucket.name}/`) ? bundleAt(location.slice(bucket.name.length + 1)) : null
}

/** Drop, image, the beginning of the disk's digest and the mark of the secrets. */
const bundlePattern = /^(?<folder>(?<ofDrop>[^/]+\/)(?<image>[^/]+)\/[0-9a-f]{16}-[0-9a-f]{12}\/)disk\.[^/]+$/

/** Whether an image is registered from a bundle of this drop. */
export function isOfDrop({ bucket }: Place, drop: string, location: string): boolean {
  return location.startsWith(`${bucket.name}/${folderOf(drop)}`)
}

/** Whether an image is registered from a bundle of this disk: of those that were begun with other keys too. */
export function isOfOrder({ bucket }: Place, order: Order, location: string): boolean {
  return location.startsWith(`${bucket.name}/${folderOfDisk(order)}`)
}

/** Bundles whose bytes would differ lie in different folders, so that none is made of the parts of two. */
export function placeOfBundle(order: Order, keys: Keys, compression: number): PlaceOfBundle {
  const { drop, image, disk } = order
  const { fingerprint256: cloud } = readCertificate(keys.cloudCertificate)
  const user = keys.userCertificate === null ? '' : readCertificate(keys.userCertificate).fingerprint256
  const compressor = `${process.versions['zlib'] ?? ''} ${String(compression)}`
  const of = [drop, imageKey(image), disk.sha256, String(disk.size), keys.accountId, cloud, user, compressor]
  const secrets = deriveSecrets(keys.secret, of)
  const folder = `${folderOfDisk(order)}${secrets.mark}/`
  return { folder, manifest: `${folder}${diskName}.manifest.xml`, secrets }
}

function folderOfDisk({ drop, image, disk }: Order): string {
  return `${folderOf(drop)}${imageKey(image)}/${disk.sha256.slice(0, 16)}-`
}
