import { z } from 'zod'

/** A task's states by their numbers. They are in no order. */
export const taskState = { free: 0, open: 1, closed: 2, cancelled: 3, assigned: 4, failed: 5 } as const

/** A task as the hub tells of it. What else it tells is of no use to us. */
export const task = z.object({
  id: z.int().positive(),
  method: z.string(),
  state: z.int().min(0).max(5),
  arch: z.string(),
  label: z.string().nullish(),
  parent: z.int().nullable(),
  owner: z.int().nullable(),
  create_ts: z.number(),
  start_ts: z.number().nullable(),
  completion_ts: z.number().nullable(),
  request: z.unknown().optional(),
})
export type Task = z.infer<typeof task>

/** Whether a task goes on no more. */
export function isOver({ state }: Pick<Task, 'state'>): boolean {
  return state === taskState.closed || state === taskState.cancelled || state === taskState.failed
}

const words = ['free', 'open', 'closed', 'cancelled', 'assigned', 'failed'] as const

/** A task's state in a word. */
export function wordOf({ state }: Pick<Task, 'state'>): string {
  return words[state] ?? String(state)
}
