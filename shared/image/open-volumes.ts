import { openBytes, partOf, type Bytes } from '#disk/bytes.ts'
import { DiskUnreadable } from '#disk/errors.ts'
import { identify, openFileSystem } from '#disk/identify.ts'
import { readPartitionTable, type Partition, type PartitionTable } from '#disk/partitions.ts'
import type { Volume } from './facts/partitions.ts'

/** A raw disk with what is on it, until it is disposed of. */
export interface OpenDisk extends AsyncDisposable {
  readonly bytes: Bytes
  /** Null when the disk has no partitions. */
  readonly table: PartitionTable | null
  /** Its partitions, or the whole disk as one. */
  readonly volumes: readonly Volume[]
}

/** Opens a raw disk. Throws DiskUnreadable when its partition table cannot be read. */
export async function openVolumes(rawPath: string, signal?: AbortSignal): Promise<OpenDisk> {
  await using opened = new AsyncDisposableStack()
  const bytes = opened.use(await openBytes(rawPath))
  const isWholeDisk = (await identify(bytes)) !== null
  const table = isWholeDisk ? null : await readPartitionTable(rawPath, signal)
  const volumes: Volume[] = []
  if (table === null) volumes.push(await openVolume(bytes, null))
  for (const partition of table?.partitions ?? []) {
    volumes.push(await openVolume(partOf(bytes, partition.start, partition.size), partition))
  }
  const kept = opened.move()
  return { bytes, table, volumes, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function openVolume(bytes: Bytes, partition: Partition | null): Promise<Volume> {
  try {
    return { partition, bytes, fileSystem: await openFileSystem(bytes), fault: null }
  } catch (fault) {
    if (!(fault instanceof DiskUnreadable)) throw fault
    return { partition, bytes, fileSystem: null, fault }
  }
}
