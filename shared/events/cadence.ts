import { z } from 'zod'
import { defineEvent } from './define.ts'
import { exampleDrop } from './examples.ts'
import { dropId } from './vocabulary.ts'

/** The scheduler's own clock and memory: what time itself says about streams of composes and about drops. */
const stream = z.string().min(1).describe('Short name and version of a release: `Fedora-Rawhide`')

export const streamOpened = defineEvent({
  subject: 'stream.opened.v1',
  means: 'the first compose of a release was seen; the cadence serves it from now on',
  severity: 'debug',
  schema: z.strictObject({ stream }),
  example: { stream: 'Fedora-Rawhide' },
  summary: 'the stream {stream} has its first compose',
})

export const cadenceReached = defineEvent({
  subject: 'cadence.reached.v1',
  means: 'it is the time of day at which drops that are due by the calendar are scheduled or expire',
  severity: 'debug',
  schema: z.strictObject({
    time: z.iso.datetime().describe('The time that was reached'),
    stream: stream.nullable().describe('The stream that it is said to; null for all'),
  }),
  example: { time: '2018-04-26T06:00:00.000Z', stream: 'Fedora-Rawhide' },
  summary: 'the cadence of {stream|all streams} reached {time}',
})

export const dropExpiryReached = defineEvent({
  subject: 'drop.expiry.reached.v1',
  means: 'the drop is as old as the retention policy lets a drop of its kind become',
  severity: 'debug',
  schema: z.strictObject({
    drop: dropId,
    keptDays: z.int().min(0).describe('How long the policy keeps it'),
    keptNewest: z.int().min(1).optional().describe('How many of the newest it keeps, where it goes by that'),
    onlyUnblessed: z.boolean().describe('A blessed drop is kept longer'),
  }),
  example: { drop: exampleDrop, keptDays: 30, onlyUnblessed: false },
  summary: '{drop} has reached its {keptDays} days',
})
