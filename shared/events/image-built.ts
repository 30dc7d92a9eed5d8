import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleArtifact, exampleEngine, exampleImageContext } from './examples.ts'
import { artifactRef, builtBy, imageContext, imageInputs, recipeDigest } from './vocabulary.ts'

export const imageBuilt = defineEvent({
  subject: 'image.built.v1',
  means: 'its raw disk is in the artifact store, verified',
  schema: z.strictObject({
    ...imageContext,
    disk: artifactRef.describe('The raw disk'),
    dataBytes: z
      .int()
      .min(0)
      .optional()
      .describe('How much of the disk holds anything, as far as the file system tells; the rest is holes'),
    packages: artifactRef.describe('Package list, JSON'),
    description: artifactRef.optional().describe('What the engine was told, and what it tells of it: one text'),
    log: artifactRef,
    engine: builtBy,
    recipe: recipeDigest.optional(),
    inputs: imageInputs.optional().describe('Where that was wanted and can be told'),
    bootModes: z
      .array(z.enum(['bios', 'uefi']))
      .min(1)
      .optional()
      .describe('By which firmware the disk can be started'),
    seconds: z.number().min(0).describe('Wall time of the build'),
  }),
  example: {
    ...exampleImageContext,
    disk: exampleArtifact('raw'),
    packages: exampleArtifact('json'),
    description: exampleArtifact('txt'),
    log: exampleArtifact('log'),
    engine: exampleEngine,
    seconds: 93.5,
  },
  summary:
    '{image.flavour}.{image.architecture} of {drop} was built by {engine.name} {engine.version}{ (engine.earlier: {name} could not: {reason})}',
})
export type ImageBuilt = BodyOf<typeof imageBuilt>
