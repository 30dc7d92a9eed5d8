import { z } from 'zod'

const time = z.iso.datetime()

/** What is kept while nobody works on an image: enough to go on in another process, with another session. */
const kojiState = z.strictObject({
  /** Null until a task is known. */
  task: z.int().positive().nullable(),
  /** When it was first seen, and what was last seen of it that showed life. */
  since: time,
  alive: z.strictObject({ at: time, sign: z.string() }),
  /** How far it has been; a task may go back, and what people see does not. */
  reached: z.int().min(0).max(4),
  /** Tasks that failed of what may be better at another time. */
  failed: z.int().min(0),
  /** Since when the hub has not answered. */
  away: time.nullable(),
})
export type KojiState = z.infer<typeof kojiState>

/** The state of an image that has just been wanted. */
export function freshState(now: Date): KojiState {
  const at = now.toISOString()
  return { task: null, since: at, alive: { at, sign: '' }, reached: 0, failed: 0, away: null }
}

/** Reads what an earlier step kept; what is not ours is as if there were none. */
export function readState(kept: unknown, now: Date): KojiState {
  const found = kojiState.safeParse(kept)
  return found.success ? found.data : freshState(now)
}

/** The state after a time in which the hub did not answer: nobody could show life, so nobody is taken for silent. */
export function backFromAway(state: KojiState, now: Date): KojiState {
  return { ...state, away: null, alive: { ...state.alive, at: now.toISOString() } }
}
