import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleImageContext } from './examples.ts'
import { imageContext } from './vocabulary.ts'

export const imageRequested = defineEvent({
  subject: 'image.requested.v1',
  means: 'one image of the plan is wanted',
  schema: z.strictObject(imageContext),
  example: exampleImageContext,
  summary: '{drop} wants the image {image.flavour}.{image.architecture}',
})
export type ImageRequested = BodyOf<typeof imageRequested>
