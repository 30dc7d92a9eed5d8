import { z } from 'zod'
import { calendarEntry } from '#events/calendar.ts'
import { earlierDrop } from '#events/earlier-drop.ts'
import { composeRef, dropId, dropKind } from '#events/vocabulary.ts'

const known = z.strictObject({ compose: composeRef, missing: z.array(z.string()) })

const record = z.strictObject({
  drop: dropId,
  kind: dropKind,
  milestone: z.enum(['Alpha', 'Beta', 'Final']).nullable(),
  compose: z.string(),
  date: z.string(),
  respin: z.int(),
  /** Number and respin of a candidate's label. */
  label: z.strictObject({ version: z.int(), respin: z.int() }).nullable(),
  scheduledAt: z.string(),
  /** How far its retention has gone. */
  told: z.enum(['nothing', 'unblessed', 'expired']),
  /** Closed until it is published. One that was noted before this was is taken for open. */
  standing: z.enum(['closed', 'open', 'over']).default('open'),
  /** What its images were made of; of each kind only the drop has it that was published last. */
  madeOf: earlierDrop.shape.images.optional(),
})
/** A drop that this stream got. */
export type DropRecord = z.infer<typeof record>

const streamState = z.strictObject({
  /** The newest finished nightly compose. */
  newest: known.nullable(),
  /** The weekly slot that was served last, by its time. */
  served: z.string().nullable(),
  drops: z.array(record),
  /** What was last said of when drops are due; empty in what was kept before there were calendars. */
  calendar: z.array(calendarEntry).default([]),
})
/** What the scheduler remembers of one stream of composes. */
export type StreamState = z.infer<typeof streamState>

/** Reads a stream's state as the ledger keeps it; a stream without one is new. */
export function readStreamState(state: unknown): StreamState {
  return state === undefined || state === null
    ? { newest: null, served: null, drops: [], calendar: [] }
    : streamState.parse(state)
}
