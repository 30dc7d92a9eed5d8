import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDrop } from './examples.ts'
import { dropId } from './vocabulary.ts'

export const dropCancelled = defineEvent({
  subject: 'drop.cancelled.v1',
  means: 'a person stopped it; every service drops its work on it, `imagedrop retry` takes it up again',
  severity: 'warning',
  schema: z.strictObject({ drop: dropId, by: z.string().min(1) }),
  example: { drop: exampleDrop, by: 'dgilmore' },
  summary: '{drop} was cancelled by {by}',
  endsWork: true,
})
export type DropCancelled = BodyOf<typeof dropCancelled>
