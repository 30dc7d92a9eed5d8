import { z } from 'zod'
import { artifactRef, dropId, imageInputs } from './vocabulary.ts'

/** An open drop as a later one is compared with it. */
export const earlierDrop = z
  .strictObject({
    drop: dropId,
    images: z
      .array(
        z.strictObject({
          image: z.string().describe('`generic.x86_64`'),
          inputs: imageInputs,
          packages: artifactRef.describe('Package list of the image'),
        }),
      )
      .min(1),
  })
  .describe('A published drop, and what its images were made of')
export type EarlierDrop = z.infer<typeof earlierDrop>
