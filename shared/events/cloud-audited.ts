import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDrop, exampleImage, exampleRegistration } from './examples.ts'
import { imageKey, target } from './vocabulary.ts'

/** What can be wrong. */
export const findingKinds = ['gone', 'unavailable', 'private', 'left', 'unclaimed', 'unknown', 'unseen'] as const

export type FindingKind = (typeof findingKinds)[number]

export const auditFinding = z
  .strictObject({
    kind: z
      .enum(findingKinds)
      .describe(
        'An image that a published drop claims is gone, cannot be used, or is not public; what is there was left by a drop ' +
          'that has ended, is claimed by nobody, or is of a drop that this ledger does not know; a place could not be looked at',
      ),
    place: z.string().describe('As in a registration'),
    id: z.string().nullable().describe('What the target calls the thing; null for a place'),
    drop: z.string().nullable().describe('The drop that claims it, or that its tag names'),
    image: z.string().nullable().describe('`generic.x86_64`, where that is known'),
    expected: z.string().describe('How it should be: `public`'),
    found: z.string().describe('How it is: `private`'),
    what: z.string().describe('The same as a sentence, with ids'),
    repair: z.string().nullable().describe('What a repair does; null for what a person has to decide'),
  })
  .describe('Something in a cloud that is not as the ledger says')

/** A finding as it is told: with the time of the audit that found it first. */
export const standingFinding = auditFinding.extend({ since: z.iso.datetime().describe('When it was first found') })
export type StandingFinding = z.infer<typeof standingFinding>

export const cloudAudited = defineEvent({
  subject: 'cloud.audited.v1',
  means: 'a cloud was compared with the ledger, and what is not as it should be there has changed',
  severity: 'warning',
  schema: z.strictObject({
    target,
    at: z.iso.datetime().describe('When it was looked'),
    places: z
      .array(z.strictObject({ place: z.string(), looked: z.int().min(0).describe('Images and the like') }))
      .describe('Where was looked, and at how many things'),
    findings: z.array(standingFinding).max(200).describe('All that is not as it should be now, the newest first'),
    more: z.int().min(0).describe('Findings beyond those, which the event has no room for'),
    ended: z
      .array(standingFinding.extend({ repaired: z.boolean().describe('By us, as the policy says') }))
      .max(200)
      .describe('What was found before and is over'),
  }),
  example: {
    target: exampleRegistration.target,
    at: '2018-04-26T06:00:03.000Z',
    places: [{ place: exampleRegistration.place, looked: 44 }],
    findings: [
      {
        kind: 'private',
        place: exampleRegistration.place,
        id: exampleRegistration.id,
        drop: exampleDrop,
        image: imageKey(exampleImage),
        expected: 'public',
        found: 'private',
        what: `${exampleRegistration.id} (${exampleRegistration.name}) is not public`,
        repair: 'it is made public',
        since: '2018-04-26T06:00:03.000Z',
      },
    ],
    more: 0,
    ended: [],
  },
  summary:
    '{target} was audited: {#findings} things are not as they should be ({#findings[kind=private]} not public, {#findings[kind=gone]} gone), {#ended} are again',
})
export type CloudAudited = BodyOf<typeof cloudAudited>
