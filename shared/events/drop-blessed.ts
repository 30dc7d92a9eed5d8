import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDropContext, exampleDropImage } from './examples.ts'
import { dropContext, dropImage } from './vocabulary.ts'

export const dropBlessed = defineEvent({
  subject: 'drop.blessed.v1',
  means: 'the gate is open: by a person for milestones, by policy for scratch drops',
  schema: z.strictObject({
    ...dropContext,
    by: z.string().min(1).describe('Who blessed it; `policy` for the policy itself'),
    images: z.array(dropImage).min(1),
  }),
  example: { ...exampleDropContext, by: 'dgilmore', images: [exampleDropImage] },
  summary: '{drop} was blessed by {by}',
})
export type DropBlessed = BodyOf<typeof dropBlessed>
