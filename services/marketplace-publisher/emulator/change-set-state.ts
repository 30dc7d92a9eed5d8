import type { ChangeSetRecord } from './records.ts'
import type { World } from './world.ts'

export type Status = 'PREPARING' | 'APPLYING' | 'SUCCEEDED' | 'CANCELLED' | 'FAILED'

export interface ChangeSetState {
  readonly status: Status
  /** When it came to an end; null while it has none. */
  readonly endedAt: number | null
}

/**
 * The state of a change set follows from what happened to it and from the time ("Working with change sets", AWS Marketplace
 * API Reference): it is prepared, in which it may fail or be cancelled, then applied. A validation is only prepared.
 */
export function stateOf(set: ChangeSetRecord, { now, delays }: Pick<World, 'now' | 'delays'>): ChangeSetState {
  if (set.cancelledAt !== null) return { status: 'CANCELLED', endedAt: set.cancelledAt }
  const prepared = set.startedAt + delays.preparation
  const time = now().getTime()
  if (time < prepared) return { status: 'PREPARING', endedAt: null }
  if (set.errors.length > 0 || set.isFault) return { status: 'FAILED', endedAt: prepared }
  const applied = prepared + (set.intent === 'APPLY' ? delays.application : 0)
  return time < applied ? { status: 'APPLYING', endedAt: null } : { status: 'SUCCEEDED', endedAt: applied }
}

/** "You can describe a change during the 60-day request history retention period" (ListChangeSets, CancelChangeSet). */
const retention = 60 * 24 * 3_600_000

/** The change sets of a seller that are still told of, the newest first. */
export function changeSetsOf(world: World, owner: string): ChangeSetRecord[] {
  const oldest = world.now().getTime() - retention
  return world.changeSets
    .all()
    .filter((set) => set.owner === owner && (stateOf(set, world).endedAt ?? Infinity) > oldest)
    .toSorted((one, other) => other.startedAt - one.startedAt)
}
