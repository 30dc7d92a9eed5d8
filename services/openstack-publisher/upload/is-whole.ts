import { createHash, getHashes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { TransientError } from '#service/errors.ts'
import type { GlanceImage } from '#openstack/glance.ts'
import type { Order } from './order.ts'

/** Glance takes whatever it is given: its digest must be that of our file. */
export async function isWhole(image: GlanceImage, { file, diskSize }: Order): Promise<boolean> {
  // A cloud that converts what it takes in has other bytes; the disk must still be as large.
  if (image.disk_format !== 'qcow2') return image.virtual_size === diskSize || image.size === diskSize
  if (image.size !== file.size || (typeof image.virtual_size === 'number' && image.virtual_size !== diskSize))
    return false
  const algorithm = image.os_hash_algo ?? ''
  if (!getHashes().includes(algorithm)) throw new TransientError(`${image.id} has no digest that we know: ${algorithm}`)
  const hash = createHash(algorithm)
  await pipeline(createReadStream(file.path, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex') === image.os_hash_value
}
