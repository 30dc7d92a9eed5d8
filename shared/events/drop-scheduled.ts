import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { earlierDrop } from './earlier-drop.ts'
import { exampleDropContext, exampleImage, examplePublisher } from './examples.ts'
import { dropContext, dropId, gate, imagePlan, publisher } from './vocabulary.ts'

export const dropScheduled = defineEvent({
  subject: 'drop.scheduled.v1',
  means: 'a compose qualifies; the plan: images, formats, targets, gate',
  schema: z.strictObject({
    ...dropContext,
    images: z.array(imagePlan).min(1),
    publishers: z.array(publisher).describe('Who publishes images to the targets that they name, the mirror apart'),
    gate,
    missing: z.array(z.string()).describe('What the compose itself lacks, when it finished incomplete'),
    supersedes: dropId.nullable().describe('The drop that this respin replaces'),
    onlyIfChanged: z
      .strictObject({ since: earlierDrop.nullable().describe('Null when there is none to compare with') })
      .optional()
      .describe('The policy wants the drop only if something has changed since an earlier one'),
  }),
  example: {
    ...exampleDropContext,
    images: [exampleImage],
    publishers: [examplePublisher],
    gate: 'person' as const,
    missing: [],
    supersedes: null,
  },
  summary: '{compose.id} qualifies for the {kind} drop {drop}: {images: {flavour}.{architecture}}',
})
export type DropScheduled = BodyOf<typeof dropScheduled>
