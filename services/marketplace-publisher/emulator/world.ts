import { join } from 'node:path'
import type { Logger } from 'pino'
import { openRecords, type RecordStore } from '#files/record-store.ts'
import { changeSetRecord, type ChangeSetRecord, type ErrorDetail } from './records.ts'

/** An AMI product of the seller. */
export interface Product {
  readonly id: string
  readonly visibility: 'Draft' | 'Limited' | 'Public' | 'Restricted'
  /** Of the versions that it has. */
  readonly architecture: string
  readonly instanceTypes: readonly string[]
  /** Versions from before. */
  readonly versions?: readonly { readonly title: string; readonly image: string }[]
}

/** An AMI as the Marketplace sees it through the access role. */
export interface SeenImage {
  readonly architecture: string
  /** What its scan finds, in AWS's words. */
  readonly findings: readonly ErrorDetail[]
}

/** How long things take, in milliseconds: minutes and hours at AWS. */
export interface Delays {
  readonly preparation: number
  readonly application: number
}

/** Everything that decides what the emulated catalog answers. */
export interface World {
  readonly changeSets: RecordStore<ChangeSetRecord>
  /** Null for one that there is not. */
  readonly productOf: (id: string) => Product | null
  /** Null for one that cannot be reached: it is in another region, or not shared. */
  readonly imageOf: (ami: string, accessRole: string) => SeenImage | null
  /** Whether a change set fails by the catalog's own fault. */
  readonly failsByItself: (changeSet: Pick<ChangeSetRecord, 'name' | 'intent'>) => boolean
  readonly delays: Delays
  /** How many change sets may be open. */
  readonly openChangeSets: number
  readonly now: () => Date
  readonly log: Logger
}

/** Opens the world that a folder holds. */
export async function openWorld(folder: string, rules: Omit<World, 'changeSets'>): Promise<World> {
  return { ...rules, changeSets: await openRecords(join(folder, 'change-sets'), changeSetRecord) }
}
