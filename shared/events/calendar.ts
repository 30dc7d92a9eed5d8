import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDrop } from './examples.ts'
import { dropId, milestone } from './vocabulary.ts'

const stream = z.string().min(1).max(120).describe('Short name and version of a release: `Fedora-Rawhide`')
const ofMilestone = milestone.nullable().describe('Null for a weekly drop')
const due = z.iso.datetime().describe('When its compose is expected; of a milestone the day counts')

export const calendarEntry = z
  .strictObject({
    key: z
      .string()
      .regex(/^(weekly-\d{4}-W\d{2}|Alpha|Beta|Final)$/)
      .describe('Names it within the release, whenever it is due: `weekly-2018-W17`, `Beta`'),
    milestone: ofMilestone,
    due,
    revision: z.int().min(0).describe('How often it was put off, called off or taken up again'),
    changedAt: z.iso.datetime().describe('When anything of it last changed'),
    drop: dropId.nullable().describe('The drop that came of it; null as long as there is none'),
    overdue: z.boolean().describe('It is due for longer than the policy has patience, and there is no drop'),
    calledOff: z.boolean().describe('The policy does not want it any more'),
  })
  .describe('A drop that is or was expected')
export type CalendarEntry = z.infer<typeof calendarEntry>

export const calendarChanged = defineEvent({
  subject: 'calendar.changed.v1',
  means: 'which drops of a release are due when, and which drops came of those that were',
  severity: 'debug',
  schema: z.strictObject({
    stream,
    entries: z.array(calendarEntry).max(200).describe('The whole calendar of the release, by time'),
  }),
  example: {
    stream: 'Fedora-Rawhide',
    entries: [
      {
        key: 'weekly-2018-W17',
        milestone: null,
        due: '2018-04-23T06:00:00.000Z',
        revision: 0,
        changedAt: '2018-04-26T08:00:00.000Z',
        drop: exampleDrop,
        overdue: false,
        calledOff: false,
      },
    ],
  },
  summary: '{stream} has {#entries} drops in its calendar',
})
export type CalendarChanged = BodyOf<typeof calendarChanged>

export const dropOverdue = defineEvent({
  subject: 'drop.overdue.v1',
  means: 'a drop that was due has not come, for longer than the policy has patience; said once',
  severity: 'warning',
  schema: z.strictObject({
    stream,
    key: calendarEntry.shape.key,
    milestone: ofMilestone,
    due,
    newest: z.string().nullable().describe('The newest compose of the release that was heard of'),
  }),
  example: {
    stream: 'Fedora-Rawhide',
    key: 'weekly-2018-W18',
    milestone: null,
    due: '2018-04-30T06:00:00.000Z',
    newest: 'Fedora-Rawhide-20180426.n.0',
  },
  summary:
    'the {milestone|weekly} drop of {stream} that was due at {due} has not come; its newest compose is {newest|unknown}',
})
export type DropOverdue = BodyOf<typeof dropOverdue>
