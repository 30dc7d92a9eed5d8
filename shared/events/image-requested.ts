import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleImageContext } from './examples.ts'
import { imageContext, imageKey } from './vocabulary.ts'

export const imageRequested = defineEvent({
  subject: 'image.requested.v1',
  saidBy: ['scheduler'],
  means: 'one image of the plan is wanted',
  schema: z.strictObject(imageContext),
  example: exampleImageContext,
  summary: (body) => `${body.drop} wants the image ${imageKey(body.image)}`,
})
export type ImageRequested = BodyOf<typeof imageRequested>
