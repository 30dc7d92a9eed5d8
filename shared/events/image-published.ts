import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleImageContext, exampleRegistration } from './examples.ts'
import { imageContext, placement } from './vocabulary.ts'

export const imagePublished = defineEvent({
  subject: 'image.published.v1',
  means: 'public, and seen to be public, in each place named',
  schema: z.strictObject({ ...imageContext, ...placement }),
  example: { ...exampleImageContext, registrations: [exampleRegistration] },
  summary: '{image.flavour}.{image.architecture} of {drop} is public as {registrations: {id} in {place}}',
})
export type ImagePublished = BodyOf<typeof imagePublished>
