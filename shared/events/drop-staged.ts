import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDropContext } from './examples.ts'
import { dropContext, mirroredFile, treeSignature } from './vocabulary.ts'

export const dropStaged = defineEvent({
  subject: 'drop.staged.v1',
  means: 'the whole tree is on the mirror master, still closed',
  schema: z.strictObject({
    ...dropContext,
    path: z.string().describe('Where the tree will open, relative to the mirror root'),
    files: z.array(mirroredFile).min(1),
    signature: treeSignature.optional().describe('Absent from a tree that is not signed'),
  }),
  example: {
    ...exampleDropContext,
    path: 'releases/test/19-Beta/Images',
    files: [
      {
        path: 'releases/test/19-Beta/Images/x86_64/Fedora-x86_64-19-Beta-1.2-sda.qcow2',
        sha256: '91a3fa09c2a25ba0a0a7c6cd6b2b5e6a7b0b1b5f7d6f0c9a8e7d6c5b4a392817',
        size: 592_568_816,
        image: 'generic.x86_64',
      },
    ],
  },
  summary: '{drop} is staged, closed, for {path}: {#files} files',
})
export type DropStaged = BodyOf<typeof dropStaged>
