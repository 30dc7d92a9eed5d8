import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { defineService } from '#service/define.ts'
import type { Given } from './jobs/given.ts'
import { listPublished } from './jobs/list-published.ts'
import { withdrawEnded, withdrawOnce } from './jobs/withdraw-ended.ts'

export type Dependencies = Given

/** Offers the published AMIs of a Final as versions of Marketplace products, and restricts them when the drop is withdrawn. */
export const marketplacePublisher = defineService({
  name: 'marketplace-publisher',
  consumes: [dropPublished, dropSuperseded, dropExpired],
  emits: [imageUploaded, imagePublished, imageFailed, dropFailed],
  // The drop is published already.
  asides: [dropPublished],
  // What is still being listed is stopped before it is withdrawn.
  keyOf: ({ body }) => body.drop,
  async handle(event, dependencies: Dependencies, context) {
    switch (event.subject) {
      case 'drop.published.v1':
        return await listPublished(event.body, dependencies, context)
      case 'drop.superseded.v1':
      case 'drop.expired.v1':
        return await withdrawEnded(event.body, dependencies, context)
    }
  },
  /** What ends a published drop is withdrawn by a job of its own, which waits; this stops what can be stopped at once. */
  async abandon(event, dependencies, context) {
    if (event.subject === 'drop.published.v1') await withdrawOnce(event.body, dependencies, { before: {}, context })
  },
})
