import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleArtifact, exampleImageContext } from './examples.ts'
import { artifactRef, imageContext } from './vocabulary.ts'

export const imageConverted = defineEvent({
  subject: 'image.converted.v1',
  means: 'every format the plan names is in the store, verified by decoding',
  schema: z.strictObject({
    ...imageContext,
    disk: artifactRef.describe('The raw disk that the formats decode to'),
    artifacts: z.array(artifactRef).min(1).describe('One per format of the plan, in its order'),
    seconds: z.number().min(0),
  }),
  example: {
    ...exampleImageContext,
    disk: exampleArtifact('raw'),
    artifacts: [exampleArtifact('qcow2'), exampleArtifact('raw.xz'), exampleArtifact('raw.tar.xz')],
    seconds: 81.4,
  },
  summary: '{image.flavour}.{image.architecture} of {drop} was converted to {artifacts: {format}}',
})
export type ImageConverted = BodyOf<typeof imageConverted>
