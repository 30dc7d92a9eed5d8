import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDropContext, exampleDropImage } from './examples.ts'
import { dropContext, dropImage, withdrawalReason } from './vocabulary.ts'

export const dropSuperseded = defineEvent({
  subject: 'drop.superseded.v1',
  means: 'a newer drop, or a person, took its place; publishers withdraw it',
  severity: 'warning',
  schema: z.strictObject({
    ...dropContext,
    by: z.string().min(1).describe('The newer drop, or the person'),
    reason: withdrawalReason.optional(),
    images: z.array(dropImage),
  }),
  example: { ...exampleDropContext, by: 'milestone-Fedora-19-20130522.1', images: [exampleDropImage] },
  summary: '{drop} is superseded by {by}',
  endsWork: true,
})
export type DropSuperseded = BodyOf<typeof dropSuperseded>
