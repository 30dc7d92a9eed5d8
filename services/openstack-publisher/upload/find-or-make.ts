import { PermanentError } from '#service/errors.ts'
import { imageName } from '#publishing/image-name.ts'
import { createImage, findImage, type Glance } from '#openstack/glance.ts'
import { dropProperty, digestProperty, imageProperties, tag } from './image-properties.ts'
import type { Order } from './order.ts'

const gibibyte = 1024 ** 3

interface Making {
  readonly onPhase: (phase: string) => void
  readonly signal: AbortSignal
}

/** Where the image with this id comes from; null when there was one that is gone. Throws when it is others'. */
export async function findOrMake(
  glance: Glance,
  id: string,
  order: Order,
  { onPhase, signal }: Making,
): Promise<'found' | 'made' | null> {
  onPhase('looking for the image')
  if (await isOurs(glance, id, order, signal)) return 'found'
  onPhase('making the image')
  const { image, diskSize, minRam } = order
  const made = await createImage(
    glance,
    {
      id,
      name: imageName(order),
      disk_format: 'qcow2',
      container_format: 'bare',
      visibility: 'private',
      min_disk: Math.ceil(diskSize / gibibyte),
      min_ram: minRam,
      tags: [tag, image.flavour],
      properties: imageProperties(order),
    },
    signal,
  )
  if (made) return 'made'
  // Somebody else was quicker, or it was there once.
  return (await isOurs(glance, id, order, signal)) ? 'found' : null
}

async function isOurs(glance: Glance, id: string, order: Order, signal: AbortSignal): Promise<boolean> {
  const image = await findImage(glance, id, signal)
  if (image === null) return false
  const project = await glance.session.project(signal)
  if (image.owner === project && image[dropProperty] === order.drop && image[digestProperty] === order.file.sha256)
    return true
  const found = `${String(image.name)} of project ${String(image.owner)}`
  throw new PermanentError('refused', `${glance.place}: ${id} is not ours: it is ${found}`)
}
