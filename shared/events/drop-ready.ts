import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDropContext, exampleDropImage } from './examples.ts'
import { dropContext, dropImage, gate } from './vocabulary.ts'

export const dropReady = defineEvent({
  subject: 'drop.ready.v1',
  means: 'every image has passed or is accounted for; it is to be staged, and then waits for the gate',
  schema: z.strictObject({
    ...dropContext,
    images: z.array(dropImage).min(1),
    complete: z.boolean().describe('Every image of the plan passed'),
    gate: gate.describe('An incomplete drop always waits for a person'),
  }),
  example: { ...exampleDropContext, images: [exampleDropImage], complete: true, gate: 'person' as const },
  summary: '{drop} is ready: {#images[outcome=passed]} of {#images} images passed',
})
export type DropReady = BodyOf<typeof dropReady>
