import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleImageContext, exampleRegistration } from './examples.ts'
import { imageContext, imageKey, registration } from './vocabulary.ts'

export const imageUploaded = defineEvent({
  subject: 'image.uploaded.v1',
  saidBy: ['ec2-publisher'],
  means: 'registered in the cloud, still private',
  schema: z.strictObject({
    ...imageContext,
    registrations: z.array(registration).min(1).describe('One per region'),
    bytes: z.int().min(0).describe('Image data sent, without the holes'),
    seconds: z.number().min(0),
  }),
  example: { ...exampleImageContext, registrations: [exampleRegistration], bytes: 734_003_200, seconds: 12.5 },
  summary: (body) =>
    `${imageKey(body.image)} of ${body.drop} is registered as ${body.registrations.map((one) => `${one.imageId} in ${one.region}`).join(', ')}`,
})
export type ImageUploaded = BodyOf<typeof imageUploaded>
