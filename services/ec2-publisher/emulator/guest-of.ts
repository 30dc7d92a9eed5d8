import type { Guest, RootDisk } from './guests.ts'
import { blockOf, blocksOf } from './layers.ts'
import type { InstanceRecord } from './records.ts'
import type { World } from './world.ts'

/** What runs in an instance, begun from the blocks of its image when it does not run yet. */
export function guestOf(world: World, instance: InstanceRecord): Guest {
  return world.guests.of(instance, rootDiskOf(world, instance))
}

function rootDiskOf(world: World, { imageId }: InstanceRecord): RootDisk {
  const image = world.images.get(imageId)
  const root = image?.mappings.find((one) => one.deviceName === image.rootDeviceName)
  const snapshot = world.snapshots.get(root?.snapshotId ?? '')
  return {
    gibibytes: root?.volumeSize ?? 0,
    blocks: async () => (snapshot === null ? [] : await blocksOf(world, snapshot)),
    block: async (index) => (snapshot === null ? null : ((await blockOf(world, snapshot, index))?.bytes ?? null)),
  }
}
