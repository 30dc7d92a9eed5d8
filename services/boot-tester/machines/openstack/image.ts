import { randomUUID } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createImage, findImage, sendData, type Glance, type GlanceImage, type NewImage } from '#openstack/glance.ts'
import { pollUntil, type Pace } from '#publishing/wait.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { run } from '#subprocess/run.ts'
import type { MachineParts } from '../machine.ts'
import { imageTag } from './clean.ts'
import { toTheEnd } from './to-the-end.ts'

interface Upload {
  readonly label: string
  readonly properties: Readonly<Record<string, string>>
  readonly pace: Pace
}

const gibibyte = 1024 ** 3

/** Puts a disk into a cloud as a private image under our label, and gives its id when servers can be made of it. */
export async function uploadDisk(glance: Glance, parts: MachineParts, upload: Upload): Promise<string> {
  const { label, properties, pace } = upload
  const { image, folder, signal } = parts
  const path = join(folder, 'upload.qcow2')
  await run('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', image.path, path], { signal })
  try {
    const id = randomUUID()
    const order: NewImage = {
      id,
      name: label,
      disk_format: 'qcow2',
      container_format: 'bare',
      visibility: 'private',
      min_disk: Math.ceil(image.size / gibibyte),
      min_ram: 0,
      tags: [imageTag],
      properties,
    }
    const made = await toTheEnd((heard) => createImage(glance, order, heard), signal)
    if (!made) throw new TransientError(`${glance.place}: the id ${id} is somebody else's image`)
    const { size } = await stat(path)
    if (!(await sendData(glance, id, { path, size }, () => {}, signal)))
      throw new TransientError(`${glance.place}: the data of ${id} was not taken`)
    await pollUntil(
      `${glance.place}: the image ${id} active`,
      async () => lookAt(await findImage(glance, id, signal)),
      pace,
    )
    return id
  } finally {
    await rm(path, { force: true })
  }
}

/** Null while data is still taken in. */
function lookAt(image: GlanceImage | null): true | null {
  if (image === null) throw new TransientError('the image that was uploaded is gone')
  if (image.status === 'active') return true
  if (['saving', 'uploading', 'importing'].includes(image.status)) return null
  throw new PermanentError('refused', `the image ${image.id} that was uploaded is ${image.status}`)
}
