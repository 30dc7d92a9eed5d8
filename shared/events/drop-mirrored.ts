import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { dropStaged } from './drop-staged.ts'
import { exampleDropContext, exampleDropImage } from './examples.ts'
import { dropContext, dropImage, mirroredFile, treeSignature } from './vocabulary.ts'

export const dropMirrored = defineEvent({
  subject: 'drop.mirrored.v1',
  means: 'open to the mirrors, indexes regenerated',
  schema: z.strictObject({
    ...dropContext,
    images: z.array(dropImage).min(1).describe('As blessed, for publishers that take them from the mirror'),
    path: z.string().describe('Where the tree is, relative to the mirror root'),
    files: z.array(mirroredFile).min(1),
    signature: treeSignature.optional().describe('Absent from a tree that is not signed'),
  }),
  example: {
    ...exampleDropContext,
    images: [exampleDropImage],
    path: dropStaged.example.path,
    files: dropStaged.example.files,
  },
  summary: '{drop} is open at {path}',
})
export type DropMirrored = BodyOf<typeof dropMirrored>
