import { z } from 'zod'
import { sections } from '../description.ts'

/** One thing in which two images differ. */
export const difference = z.strictObject({
  section: z.enum(sections),
  name: z.string().describe('What differs: a package, a unit, a user, a path'),
  aspect: z.string().describe('In what it differs; `presence` when only one image has it'),
  a: z.string().nullable().describe('How the first image has it; null when it has not'),
  b: z.string().nullable().describe('How the second image has it; null when it has not'),
  package: z.string().nullable().describe('The package that the file came with'),
})
export type Difference = Readonly<z.infer<typeof difference>>

const imageSummary = z.strictObject({
  name: z.string().describe('As it was given'),
  format: z.enum(['raw', 'qcow2', 'vhd', 'raw.xz']),
  system: z.string().describe('As the system in the image calls itself'),
})

/** What comes of comparing two images; the JSON of `imagedrop compare`. */
export const comparison = z.strictObject({
  a: imageSummary,
  b: imageSummary,
  equal: z.boolean().describe('Whether every difference is allowed'),
  differences: z.array(difference).describe('Those that are not allowed, what matters most first'),
  allowed: z
    .array(z.strictObject({ reason: z.string(), differences: z.array(difference) }))
    .describe('Those that are allowed, by the reason'),
})
export type Comparison = Readonly<z.infer<typeof comparison>>
