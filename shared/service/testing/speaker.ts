import { dropCancelled } from '#events/drop-cancelled.ts'
import { imageRequested } from '#events/image-requested.ts'
import { defineService } from '../define.ts'

/** Says what builders hear. */
export const speaker = defineService({
  name: 'scheduler',
  consumes: [],
  emits: [imageRequested, dropCancelled],
  handle: () => Promise.resolve([]),
})
