import type { ArtifactStore } from '#artifacts/store.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { defineService } from '#service/define.ts'
import type { Cloud } from './cloud.ts'
import { registrationsOf } from './jobs/image-order.ts'
import { publishBlessed } from './jobs/publish-blessed.ts'
import { uploadTested } from './jobs/upload-tested.ts'

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
        return await uploadTested(event.body, { artifacts, cloud }, context)
      case 'drop.blessed.v1':
        return await publishBlessed(event.body, { artifacts, cloud }, context)
      case 'drop.superseded.v1':
      case 'drop.expired.v1': {
        const { drop, images } = event.body
        const registrations = images.flatMap(registrationsOf)
        // Also when there are none: an upload that was cut off has left things that no event knows of.
        await cloud.withdraw(drop, registrations, context)
        return []
      }
    }
  },
})
