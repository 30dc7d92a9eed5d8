import type { Registration } from '#events/vocabulary.ts'
import { imageName } from '#publishing/image-name.ts'
import type { Glance, GlanceImage } from '#openstack/glance.ts'
import { target } from '../step.ts'
import type { Order } from './order.ts'

/** Where an image of ours is, as events say it. */
export function registrationOf({ place }: Glance, image: GlanceImage, order: Order): Registration {
  const sha512 = image.os_hash_algo === 'sha512' ? (image.os_hash_value ?? '') : ''
  return { target, emulated: false, place, id: image.id, name: imageName(order), details: { sha512 } }
}
