import type { Step } from '#service/step.ts'

/** Stages the whole drop, and opens it with the blessing. */
export const step: Step = {
  service: 'mirror-publisher',
  of: 'drop',
  follows: 'drop.ready.v1',
  verb: 'mirror',
  waits: 'waits for every image',
}
