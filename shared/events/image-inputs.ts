import { z } from 'zod'

export const imageInputs = z
  .record(z.string().max(100), z.string().max(500))
  .describe('What decides what is in the image, by name: a version, or a digest. Times, names and ids do not count')
export type ImageInputs = z.infer<typeof imageInputs>
