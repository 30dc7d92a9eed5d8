import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDropContext, exampleDropImage } from './examples.ts'
import { dropContext, dropImage } from './vocabulary.ts'

export const dropExpired = defineEvent({
  subject: 'drop.expired.v1',
  means: 'the retention policy no longer keeps it; publishers withdraw it',
  schema: z.strictObject({
    ...dropContext,
    keptDays: z.int().min(0).describe('How long the policy keeps a drop of this kind'),
    keptNewest: z.int().min(1).optional().describe('How many of the newest it keeps, where it goes by that'),
    images: z.array(dropImage),
  }),
  example: { ...exampleDropContext, keptDays: 30, images: [exampleDropImage] },
  summary: '{drop} has expired after {keptDays} days',
  endsWork: true,
})
export type DropExpired = BodyOf<typeof dropExpired>
