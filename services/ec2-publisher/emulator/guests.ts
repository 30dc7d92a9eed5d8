import type { InstanceRecord } from './records.ts'

/** What runs in an instance. */
export interface Guest {
  /** All that it has said on its serial console. */
  readonly console: () => string
  /** It has powered itself off. */
  readonly isOff: () => boolean
  /** Takes the power away. */
  readonly stop: () => Promise<void>
}

/** What is on the root disk of an instance when it begins: blocks of 512 KiB. */
export interface RootDisk {
  readonly gibibytes: number
  /** The indexes of those that were ever written. */
  readonly blocks: () => Promise<number[]>
  readonly block: (index: number) => Promise<Buffer | null>
}

/** Begins what runs in an instance. It is asked for once in a life of the emulator. */
export type StartGuest = (instance: InstanceRecord, disk: RootDisk) => Guest

/** Nothing runs, and says nothing. */
export const nobody: Guest = { console: () => '', isOff: () => false, stop: () => Promise.resolve() }

export interface Guests {
  /** The guest of an instance, begun when it is first asked for. */
  of(instance: InstanceRecord, disk: RootDisk): Guest
  stop(id: string): Promise<void>
  stopAll(): Promise<void>
}

export function createGuests(start: StartGuest): Guests {
  const guests = new Map<string, Guest>()
  return {
    of(instance, disk) {
      const known = guests.get(instance.id) ?? start(instance, disk)
      guests.set(instance.id, known)
      return known
    },
    async stop(id) {
      await guests.get(id)?.stop()
    },
    async stopAll() {
      for (const guest of guests.values()) await guest.stop()
    },
  }
}
