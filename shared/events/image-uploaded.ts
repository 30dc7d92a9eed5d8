import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleImageContext, exampleRegistration } from './examples.ts'
import { imageContext, placement } from './vocabulary.ts'

export const imageUploaded = defineEvent({
  subject: 'image.uploaded.v1',
  means: 'registered in the cloud, still private',
  schema: z.strictObject({
    ...imageContext,
    ...placement,
    bytes: z.int().min(0).describe('Image data sent, without the holes'),
    seconds: z.number().min(0),
  }),
  example: { ...exampleImageContext, registrations: [exampleRegistration], bytes: 734_003_200, seconds: 12.5 },
  summary: '{image.flavour}.{image.architecture} of {drop} is registered as {registrations: {id} in {place}}',
})
export type ImageUploaded = BodyOf<typeof imageUploaded>
