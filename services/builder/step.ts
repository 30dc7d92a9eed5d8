import type { Step } from '#service/step.ts'

/** The first step of every image. */
export const step: Step = {
  service: 'builder',
  of: 'image',
  follows: 'image.requested.v1',
  verb: 'build',
  waits: 'waits for a free builder',
}
