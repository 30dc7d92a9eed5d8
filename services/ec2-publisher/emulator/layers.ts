import type { SnapshotRecord } from './records.ts'
import type { World } from './world.ts'

/**
 * Where the blocks of a snapshot are kept: its own, then those of its parent, and so on. A copy has those of the snapshot that it
 * was made of. What was deleted still is one, as long as a snapshot stands on it (EBS guide, "Delete a snapshot": only data that no
 * other snapshot needs is removed).
 */
export function layersOf(world: World, { id, copyOf, parent }: SnapshotRecord): string[] {
  const below = copyOf ?? parent
  const record = below === null ? null : world.snapshots.get(below)
  return [...(copyOf === null ? [id] : []), ...(record === null ? [] : layersOf(world, record))]
}

/** The indexes of all blocks that a snapshot has, rising. */
export async function blocksOf(world: World, snapshot: SnapshotRecord): Promise<number[]> {
  const lists = await Promise.all(layersOf(world, snapshot).map((layer) => world.blocks.list(layer)))
  return [...new Set(lists.flat())].sort((one, other) => one - other)
}

/** One block of a snapshot, as it was written last; null when it never was. */
export async function blockOf(world: World, snapshot: SnapshotRecord, index: number) {
  for (const layer of layersOf(world, snapshot)) {
    const block = await world.blocks.get(layer, index)
    if (block !== null) return block
  }
  return null
}
