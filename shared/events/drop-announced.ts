import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleDropContext } from './examples.ts'
import { channel, dropContext } from './vocabulary.ts'

export const dropAnnounced = defineEvent({
  subject: 'drop.announced.v1',
  means: 'who was told, with the message ids',
  schema: z.strictObject({
    ...dropContext,
    told: z
      .array(
        z.strictObject({
          channel,
          to: z.string().describe('Address or path'),
          id: z.string().describe('Message-ID, Atom entry id or file name'),
        }),
      )
      .min(1),
  }),
  example: {
    ...exampleDropContext,
    told: [
      {
        channel: 'mail',
        to: 'cloud@lists.fedoraproject.org',
        id: '<drop.milestone-Fedora-19-20130521.0@imagedrop.example.org>',
      },
    ],
  },
  summary: '{drop} was announced: {told: {channel}}',
})
export type DropAnnounced = BodyOf<typeof dropAnnounced>
