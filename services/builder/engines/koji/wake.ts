import type { KojiTaskChanged } from '#events/koji.ts'

/** By what a wait for a task is known. */
export function keyOfTask(id: number): string {
  return `koji:${String(id)}`
}

/** Whom a message about a task wakes. It is a hint only: the task is read before it is believed. */
export function keyOfChange({ id, attribute, new: state }: KojiTaskChanged): string | null {
  return attribute === 'state' && ['OPEN', 'CLOSED', 'CANCELED', 'FAILED'].includes(state) ? keyOfTask(id) : null
}
