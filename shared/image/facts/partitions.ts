import { chunksOf, fingerprint } from '#disk/fingerprint.ts'
import { partOf, type Bytes } from '#disk/bytes.ts'
import type { DiskUnreadable } from '#disk/errors.ts'
import type { FileSystem } from '#disk/file-system.ts'
import { identify } from '#disk/identify.ts'
import type { Partition, PartitionTable } from '#disk/partitions.ts'
import type { Aspects, Facts } from '../description.ts'

/** A partition, with the file system in it where that can be read. */
export interface Volume {
  readonly partition: Partition | null
  readonly bytes: Bytes
  readonly fileSystem: FileSystem | null
  /** Why it cannot be read though it is of a kind that can. */
  readonly fault: DiskUnreadable | null
}

/** The disk, its table, and its partitions. What holds no file system that can be read is compared by its bytes. */
export async function readPartitions(
  disk: Bytes,
  table: PartitionTable | null,
  { volumes, root }: { readonly volumes: readonly Volume[]; readonly root: FileSystem },
): Promise<Facts> {
  const facts = new Map<string, Aspects>([
    ['disk', { size: String(disk.size), ...(table && (await tableAspects(disk, table))) }],
  ])
  for (const volume of volumes) {
    facts.set(nameOf(volume, root), { ...partitionAspects(volume.partition), ...(await contentAspects(volume)) })
  }
  return facts
}

/** By its number; but the root is the root wherever it is. */
function nameOf({ partition, fileSystem }: Volume, root: FileSystem): string {
  if (fileSystem === root) return 'root'
  return partition === null ? 'whole disk' : `partition ${String(partition.number)}`
}

async function tableAspects(disk: Bytes, { label, id, partitions }: PartitionTable): Promise<Aspects> {
  const first = Math.min(disk.size, ...partitions.map(({ start }) => start))
  // What boots from an MBR lies in it, and where no partition is before the first. A GPT lies there itself.
  const parts =
    label === 'gpt' ? [partOf(disk, 0, 440)] : [partOf(disk, 0, 440), partOf(disk, 512, Math.max(0, first - 512))]
  const codes = await Promise.all(parts.map((part) => fingerprint(part.size, chunksOf(part))))
  return { table: label, id: id ?? 'none', 'boot code': codes.join(' ') }
}

function partitionAspects(partition: Partition | null): Aspects {
  if (partition === null) return {}
  const { number, start, size, type, name, uuid, isBootable } = partition
  return {
    type,
    number: String(number),
    start: String(start),
    size: String(size),
    ...(name !== null && { name }),
    ...(uuid !== null && { uuid }),
    ...(isBootable && { bootable: 'yes' }),
  }
}

/** Partitions of an MBR that are only room for others. */
const extended = new Set(['5', 'f', '85'])

async function contentAspects({ partition, bytes, fileSystem }: Volume): Promise<Aspects> {
  if (extended.has(partition?.type ?? '')) return { holds: 'other partitions' }
  if (fileSystem !== null) {
    const { kind, uuid, label } = fileSystem
    return { holds: kind, 'file system uuid': uuid, 'file system label': label }
  }
  return { holds: (await identify(bytes)) ?? 'no file system', content: await fingerprint(bytes.size, chunksOf(bytes)) }
}
