import type { Capacity } from '#ledger/needs.ts'
import type { BoundService } from './define.ts'
import type { Runtime } from './runtime.ts'

/** At most so often it is asked, in milliseconds. */
const askEvery = 1_000

/** Has jobs end that may be preempted, where a job of a milestone is due that fits nowhere. */
export interface RoomMaker {
  /** There may be jobs that we have no room for: room is asked for now, or as soon as it may be again. */
  ask(): void
  /** Asks no more. */
  stop(): void
}

/** Makes room for a service's jobs on this host; where nobody counts what a host has, there is nothing to make. */
export function createRoomMaker(
  { ledger, owner, now, capacity }: Runtime,
  service: BoundService,
  onError: (error: unknown) => void,
): RoomMaker {
  let asked = -Infinity
  let timer: NodeJS.Timeout | null = null
  let stopped = false

  async function makeRoom(has: () => Promise<Capacity>): Promise<void> {
    timer = null
    asked = performance.now()
    await ledger.makeRoom(service.name, { owner, now: now(), capacity: await has() })
  }
  return {
    ask() {
      if (stopped || timer !== null || capacity === undefined || service.needs === null) return
      const wait = Math.max(0, asked + askEvery - performance.now())
      timer = setTimeout(() => {
        void makeRoom(capacity).catch((error: unknown) => {
          if (!stopped) onError(error)
        })
      }, wait)
    },
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
