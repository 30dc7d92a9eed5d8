import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Guests } from './guests.ts'
import type { ObjectSource } from './object-source.ts'
import { openBlocks, type BlockStore } from './block-store.ts'
import type { OptedIn } from './regions.ts'
import { openRecords, type RecordStore } from '#files/record-store.ts'
import {
  imageRecord,
  importRecord,
  instanceRecord,
  parameterRecord,
  settingsRecord,
  snapshotRecord,
  type ImageRecord,
  type ImportRecord,
  type InstanceRecord,
  type ParameterRecord,
  type SettingsRecord,
  type SnapshotRecord,
} from './records.ts'

/** How long things take in the cloud, in milliseconds. Small here, but never nothing: nothing would hide mistakes. */
export interface Delays {
  /** What was made is not seen, and what was removed is still seen, for so long. */
  readonly visibility: number
  /** From CompleteSnapshot until the snapshot is completed. */
  readonly completion: number
  /** From RegisterImage until the image is available. */
  readonly availability: number
  /** From CopyImage until the copy is available. */
  readonly copy: number
  /** From PutParameter until an AMI id is found to be one. */
  readonly validation: number
  /** From ImportSnapshot until the snapshot is there. */
  readonly import: number
  /** From RunInstances until an instance runs, and from its end until it is terminated. */
  readonly launch: number
}

export const usualDelays: Delays = {
  visibility: 40,
  completion: 150,
  availability: 150,
  copy: 250,
  validation: 100,
  import: 300,
  launch: 200,
}

/** Everything that the emulated cloud consists of. */
export interface World {
  readonly snapshots: RecordStore<SnapshotRecord>
  readonly images: RecordStore<ImageRecord>
  readonly settings: RecordStore<SettingsRecord>
  readonly parameters: RecordStore<ParameterRecord>
  readonly instances: RecordStore<InstanceRecord>
  readonly imports: RecordStore<ImportRecord>
  /** S3, as VM Import reads it. */
  readonly objects: ObjectSource
  /** The roles that VM Import can be told, and whether each may read S3. */
  readonly importRoles: Readonly<Record<string, boolean>>
  readonly guests: Guests
  /** Whether there is a machine of this type left in a region. */
  readonly hasCapacity: (type: string, region: string) => boolean
  readonly blocks: BlockStore
  readonly delays: Delays
  readonly publicImageQuota: number
  /** Why a copy to a region ends as failed; null where it does not. */
  readonly copyFails: (region: string) => string | null
  /** When an instance was last launched of an image, by whoever. */
  readonly launchedAt: (imageId: string) => Date | null
  readonly optedIn: OptedIn
  readonly now: () => Date
  readonly log: Logger
}

/** What a request may touch: one account in one region. */
export interface Place {
  readonly region: string
  readonly owner: string
}

/** Opens the world that a folder holds. */
export async function openWorld(
  folder: string,
  rules: Pick<
    World,
    | 'objects'
    | 'importRoles'
    | 'guests'
    | 'hasCapacity'
    | 'delays'
    | 'publicImageQuota'
    | 'copyFails'
    | 'launchedAt'
    | 'optedIn'
    | 'now'
    | 'log'
  >,
): Promise<World> {
  return {
    ...rules,
    snapshots: await openRecords(join(folder, 'snapshots'), snapshotRecord),
    images: await openRecords(join(folder, 'images'), imageRecord),
    settings: await openRecords(join(folder, 'settings'), settingsRecord),
    parameters: await openRecords(join(folder, 'parameters'), parameterRecord),
    instances: await openRecords(join(folder, 'instances'), instanceRecord),
    imports: await openRecords(join(folder, 'imports'), importRecord),
    blocks: await openBlocks(join(folder, 'blocks')),
  }
}

/** Whether something is to be seen yet, and still. */
export function isVisible(world: World, bornAt: number, goneAt: number | null): boolean {
  const now = world.now().getTime()
  if (now < bornAt + world.delays.visibility) return false
  return goneAt === null || now < goneAt + world.delays.visibility
}

/** The state of a snapshot follows from what happened to it and from the time; nothing has to wake up for it. */
export function stateOfSnapshot(world: World, snapshot: SnapshotRecord): 'pending' | 'completed' | 'error' {
  const now = world.now().getTime()
  const { completion, copy } = world.delays
  if (snapshot.sealedAt !== null)
    return now < snapshot.sealedAt + (snapshot.copyOf === null ? completion : copy) ? 'pending' : 'completed'
  return now < snapshot.startedAt + snapshot.timeoutMinutes * 60_000 ? 'pending' : 'error'
}

export function stateOfImage(world: World, image: ImageRecord): 'pending' | 'available' | 'failed' | 'deregistered' {
  if (image.deregisteredAt !== null) return 'deregistered'
  const { availability, copy } = world.delays
  const readyAt = image.createdAt + (image.source === null ? availability : copy)
  if (world.now().getTime() < readyAt) return 'pending'
  return image.failure === null ? 'available' : 'failed'
}

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated'

export function stateOfInstance(world: World, { launchedAt, endedAt }: InstanceRecord): InstanceState {
  const now = world.now().getTime()
  if (endedAt !== null) return now < endedAt + world.delays.launch ? 'shutting-down' : 'terminated'
  return now < launchedAt + world.delays.launch ? 'pending' : 'running'
}
