import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { earlierDrop } from './earlier-drop.ts'
import { exampleCompose, exampleDropContext, exampleEarlier, exampleImage } from './examples.ts'
import { composeRef, dropContext, dropId, imagePlan } from './vocabulary.ts'

const example = {
  drop: 'nightly-Debian-12-20260712.n.0',
  compose: { ...exampleCompose, id: 'Debian-12-20260712.n.0', short: 'Debian', version: '12', date: '20260712' },
}

/** Before a drop is built that the policy wants only if something has changed: has anything? */
export const dropComparisonRequested = defineEvent({
  subject: 'drop.comparison.requested.v1',
  means: 'the policy wants the drop only if its images would be made of something else than those of an earlier one',
  severity: 'debug',
  schema: z.strictObject({ drop: dropId, compose: composeRef, images: z.array(imagePlan).min(1), since: earlierDrop }),
  example: { ...example, images: [exampleImage], since: exampleEarlier },
  summary: '{drop} is to be compared with {since.drop}',
})
export type DropComparisonRequested = BodyOf<typeof dropComparisonRequested>

export const dropCompared = defineEvent({
  subject: 'drop.compared.v1',
  means: 'which of its images would be made of something else than in the earlier drop; none when nothing has changed',
  schema: z.strictObject({
    drop: dropId,
    since: dropId.describe('The earlier drop'),
    changes: z
      .array(
        z.strictObject({
          image: z.string().describe('`generic.x86_64`'),
          reason: z.string().describe('What has changed, or why that cannot be told'),
        }),
      )
      .describe('What cannot be compared counts as changed'),
  }),
  example: {
    drop: example.drop,
    since: exampleEarlier.drop,
    changes: [{ image: 'generic.x86_64', reason: 'its packages have changed' }],
  },
  summary:
    '{drop} was compared with {since}: {#changes} of its images would be made of something else{ (changes: {image}: {reason})}',
})
export type DropCompared = BodyOf<typeof dropCompared>

export const dropUnchanged = defineEvent({
  subject: 'drop.unchanged.v1',
  means:
    'nothing that its images would be made of has changed since an earlier drop, which stays the newest; it is not built',
  schema: z.strictObject({ ...dropContext, since: dropId.describe('The earlier drop') }),
  example: { ...exampleDropContext, ...example, kind: 'nightly' as const, milestone: null, since: exampleEarlier.drop },
  summary: '{drop} is not built: nothing has changed since {since}',
})
export type DropUnchanged = BodyOf<typeof dropUnchanged>
