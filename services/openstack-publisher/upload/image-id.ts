import { createHash } from 'node:crypto'
import { imageKey } from '#events/vocabulary.ts'
import type { Order } from './order.ts'

/** Namespace of our ids. */
const namespace = Buffer.from('6f1d3c1e0a5b4d0c9a4e6b0e6c1f7a52', 'hex')

/**
 * Glance's id of an order, always the same (UUID version 5, RFC 9562): so one that an earlier try has made is found. An id
 * that was ever used is never free again, not even after the image was deleted; the next generation is.
 */
export function imageId({ drop, image, file }: Order, generation: number): string {
  const name = `${drop} ${imageKey(image)} ${file.sha256} ${String(generation)}`
  const digest = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16)
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
