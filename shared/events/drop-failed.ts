import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDrop } from './examples.ts'
import { dropId, failure } from './vocabulary.ts'

export const dropFailed = defineEvent({
  subject: 'drop.failed.v1',
  means: 'a step on the whole drop cannot go on: step, class, reason, log',
  severity: 'error',
  schema: z.strictObject({ drop: dropId, failure }),
  example: {
    drop: exampleDrop,
    failure: {
      step: 'mirror-publisher',
      class: 'capacity' as const,
      reason: 'no space left on the mirror master: 2.1 GiB wanted, 0.4 GiB free',
      log: null,
    },
  },
  summary: '{drop} failed at {failure.step} ({failure.class}): {failure.reason}',
  isFailure: () => true,
})
export type DropFailed = BodyOf<typeof dropFailed>
