import type { Step } from '#service/step.ts'

/** Works on what was built, while it is converted. */
export const step: Step = {
  service: 'boot-tester',
  of: 'image',
  follows: 'image.built.v1',
  verb: 'boot test',
  waits: 'waits for the build',
}
