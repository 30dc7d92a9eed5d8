import { defineEvent, type BodyOf } from './define.ts'
import { dropStaged } from './drop-staged.ts'

export const dropMirrored = defineEvent({
  subject: 'drop.mirrored.v1',
  saidBy: ['mirror-publisher'],
  means: 'open to the mirrors, indexes regenerated',
  schema: dropStaged.schema,
  example: dropStaged.example,
  summary: '{drop} is open at {path}',
})
export type DropMirrored = BodyOf<typeof dropMirrored>
