import type { BoundService } from './define.ts'
import type { Runtime } from './runtime.ts'

/** At most so often it is asked, in milliseconds. */
const askEvery = 1_000

/** Has jobs end that may be preempted, where a job of a milestone is due that fits nowhere. */
export interface RoomMaker {
  /** To be called when there may be jobs that we have no room for. */
  ask(onError: (error: unknown) => void): void
}

/** Makes room for a service's jobs on this host; where nobody counts what a host has, there is nothing to make. */
export function createRoomMaker({ ledger, owner, now, capacity }: Runtime, service: BoundService): RoomMaker {
  let asked = -Infinity
  return {
    ask(onError) {
      if (capacity === undefined || service.needs === null || performance.now() - asked < askEvery) return
      asked = performance.now()
      void capacity()
        .then((has) => ledger.makeRoom(service.name, { owner, now: now(), capacity: has }))
        .catch(onError)
    },
  }
}
