import { z } from 'zod'

/** A change of a change set, as it was asked for. */
export const changeRecord = z.object({
  type: z.string(),
  entity: z.string(),
  details: z.unknown(),
  /** Whether it came as a string, `Details`, or as a document. */
  asText: z.boolean(),
})
export type ChangeRecord = z.infer<typeof changeRecord>

export const errorDetail = z.object({ code: z.string(), message: z.string() })
/** One entry of `ErrorDetailList`. */
export type ErrorDetail = z.infer<typeof errorDetail>

export const changeSetRecord = z.object({
  id: z.string(),
  owner: z.string(),
  name: z.string(),
  token: z.string().nullable(),
  /** What was asked for, so that a token cannot be used for something else. */
  digest: z.string(),
  intent: z.enum(['VALIDATE', 'APPLY']),
  changes: z.array(changeRecord),
  startedAt: z.number(),
  cancelledAt: z.number().nullable(),
  /** What its preparation will find; it fails by it. */
  errors: z.array(errorDetail),
  /** It fails by the catalog's own fault. */
  isFault: z.boolean(),
})
export type ChangeSetRecord = z.infer<typeof changeSetRecord>
