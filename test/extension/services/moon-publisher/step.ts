import type { Step } from '#service/step.ts'

export const target = 'moon'

/** A cloud that takes its images from the open mirror. */
export const step: Step = {
  service: 'moon-publisher',
  of: 'image',
  follows: 'drop.mirrored.v1',
  verb: 'Moon',
  waits: 'waits for the mirror',
  publishes: { target, title: 'Moon Cloud', flavours: ['crater'], formats: ['qcow2'], after: 'mirror' },
}
