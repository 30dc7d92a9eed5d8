import { refused } from '../api-error.ts'
import { layersOf } from '../layers.ts'
import { isVisible } from '../world.ts'
import type { Action, Call } from './action.ts'
import { snapshotOf } from './lookup.ts'

/** DeleteSnapshot: refused while an AMI uses it, and for a short while afterwards, as people report of AWS. */
export const deleteSnapshot: Action = {
  takes: 'SnapshotId',
  async run(call) {
    const id = call.parameters.required('SnapshotId')
    snapshotOf(call, id)
    const user = call.world.images
      .all()
      .filter((one) => one.mappings.some((mapping) => mapping.snapshotId === id))
      .find((one) => one.deregisteredAt === null || isVisible(call.world, 0, one.deregisteredAt))
    if (user) throw refused('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${user.id}`)
    await deleteUnused(call, id)
    return { return: true }
  },
}

/** The record stays: its client token goes on to mean this snapshot. */
export async function deleteUnused(call: Call, id: string): Promise<void> {
  const { world } = call
  const snapshot = snapshotOf(call, id)
  await world.snapshots.save({ ...snapshot, deletedAt: world.now().getTime() })
  const live = world.snapshots.all().filter((one) => one.deletedAt === null)
  const needed = new Set(live.flatMap((one) => layersOf(world, one)))
  for (const layer of layersOf(world, snapshot)) if (!needed.has(layer)) await world.blocks.remove(layer)
}
