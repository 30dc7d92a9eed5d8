import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleImageContext } from './examples.ts'
import { imageContext } from './vocabulary.ts'

export const imageRequested = defineEvent({
  subject: 'image.requested.v1',
  means: 'one image of the plan is wanted',
  schema: z.strictObject({
    ...imageContext,
    wantsInputs: z.boolean().optional().describe('Later drops are compared with it: what it is made of is to be told'),
  }),
  example: { ...exampleImageContext },
  summary: '{drop} wants the image {image.flavour}.{image.architecture}',
})
export type ImageRequested = BodyOf<typeof imageRequested>
