import type { Needs } from '#ledger/needs.ts'

/** Milliseconds that a job takes. */
export const workTime = 150

/** What jobs need by the flavour of their image. */
export const needsOfFlavours: Readonly<Record<string, Needs>> = {
  plain: { cores: 1, memoryMib: 500 },
  large: { cores: 0.5, memoryMib: 3_000 },
  guest: { cores: 1, memoryMib: 700, kvm: true },
  nowhere: { root: true },
  followed: { cores: 0.5, memoryMib: 100 },
  long: { cores: 1, memoryMib: 100 },
}

/** The flavour whose builds are followed by their boot tests. */
export const followed = 'followed'

/** The flavour whose builds go on until they are told to end. */
export const long = 'long'

/** That a job began or ended, and where. */
export interface Note {
  readonly what: 'begins' | 'ends'
  readonly service: string
  readonly flavour: string
  readonly host: string
  readonly at: number
}
