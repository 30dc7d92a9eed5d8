import type { Step } from '#service/step.ts'

/** Works on what was built, while it is tested. */
export const step: Step = {
  service: 'converter',
  of: 'image',
  follows: 'image.built.v1',
  verb: 'convert',
  waits: 'waits for the build',
}
