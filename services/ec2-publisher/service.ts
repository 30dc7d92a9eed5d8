import type { ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import { dropBlessed, type DropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageTested, type ImageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { imageKey, type DropImage, type Registration } from '#events/vocabulary.ts'
import { defineService, type Context } from '#service/define.ts'
import { amiName } from './upload/ami-name.ts'
import type { Cloud } from './cloud.ts'
import { target } from './step.ts'

export interface Dependencies {
  readonly artifacts: ArtifactStore
  readonly cloud: Cloud
}

/** Puts images that passed their boot test into EC2: private at first, public with the blessing, gone when withdrawn. */
export const ec2Publisher = defineService({
  name: 'ec2-publisher',
  consumes: [imageTested, dropBlessed, dropSuperseded, dropExpired],
  emits: [imageUploaded, imagePublished, imageFailed, dropFailed],
  async handle(event, { artifacts, cloud }: Dependencies, context) {
    switch (event.subject) {
      case 'image.tested.v1':
        return await upload(event.body, artifacts, cloud, context)
      case 'drop.blessed.v1':
        return await publish(event.body, cloud, context)
      case 'drop.superseded.v1':
      case 'drop.expired.v1': {
        const { drop, images } = event.body
        const registrations = images.flatMap(ours)
        // Also when there are none: an upload that was cut off has left things that no event knows of.
        await cloud.withdraw(drop, registrations, context)
        return []
      }
    }
  },
})

async function upload(body: ImageTested, artifacts: ArtifactStore, cloud: Cloud, context: Context) {
  const { drop, compose, image, disk, verdict } = body
  if (verdict !== 'passed' || !image.targets.includes(target)) return []
  const start = context.now().getTime()
  const path = await artifacts.open(disk, context.signal)
  const { registrations, bytes } = await cloud.upload(
    {
      drop,
      image: imageKey(image),
      name: amiName(body),
      architecture: image.architecture,
      disk: { path, sha256: disk.sha256, size: disk.size },
    },
    context,
  )
  const seconds = (context.now().getTime() - start) / 1000
  return [say(imageUploaded, { drop, compose, image, registrations: [...registrations], bytes, seconds })]
}

async function publish({ drop, compose, images }: DropBlessed, cloud: Cloud, context: Context) {
  const wanted = images.filter(isPublishable)
  if (wanted.length === 0) return []
  await cloud.publish(wanted.flatMap(ours), context)
  return wanted.map((one) => say(imagePublished, { drop, compose, image: one.image, registrations: ours(one) }))
}

function isPublishable(one: DropImage): boolean {
  return one.outcome === 'passed' && ours(one).length > 0
}

/** An image may be registered in other clouds as well. */
function ours({ registrations }: DropImage): Registration[] {
  return registrations.filter((one) => one.target === target)
}
