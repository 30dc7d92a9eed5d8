import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleArtifact, exampleImageContext } from './examples.ts'
import { failure, imageContext } from './vocabulary.ts'

export const imageFailed = defineEvent({
  subject: 'image.failed.v1',
  means: 'one image cannot go on: step, class, reason, log',
  severity: 'error',
  schema: z.strictObject({ ...imageContext, failure }),
  example: {
    ...exampleImageContext,
    failure: {
      step: 'builder',
      class: 'recipe' as const,
      reason: 'mkosi: package cloud-utils-growpart not found',
      log: exampleArtifact('log'),
    },
  },
  summary:
    '{image.flavour}.{image.architecture} of {drop} failed at {failure.step} ({failure.class}): {failure.reason}',
  isFailure: () => true,
})
export type ImageFailed = BodyOf<typeof imageFailed>
