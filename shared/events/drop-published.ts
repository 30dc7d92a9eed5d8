import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { dropStaged } from './drop-staged.ts'
import { exampleDropContext, exampleDropImage } from './examples.ts'
import { dropContext, dropImage, mirroredFile, treeSignature } from './vocabulary.ts'

export const dropPublished = defineEvent({
  subject: 'drop.published.v1',
  means: 'every target is done',
  schema: z.strictObject({
    ...dropContext,
    by: z.string().min(1).describe('Who blessed it'),
    images: z.array(dropImage).min(1),
    path: z.string().describe('The opened tree, relative to the mirror root'),
    files: z.array(mirroredFile).min(1),
    signature: treeSignature.optional().describe('Absent from a tree that is not signed'),
  }),
  example: {
    ...exampleDropContext,
    by: 'dgilmore',
    images: [exampleDropImage],
    path: dropStaged.example.path,
    files: dropStaged.example.files,
  },
  summary: '{drop} is published: {path}',
})
export type DropPublished = BodyOf<typeof dropPublished>
