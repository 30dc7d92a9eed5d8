import type { Step } from '#service/step.ts'

/** The last step of every drop. */
export const step: Step = {
  service: 'announcer',
  of: 'drop',
  follows: 'drop.published.v1',
  verb: 'announce',
  waits: 'waits for every target',
}
