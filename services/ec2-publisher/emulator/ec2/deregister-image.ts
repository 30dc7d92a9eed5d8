import { refused } from '../api-error.ts'
import type { Action, Call } from './action.ts'
import { deleteUnused } from './delete-snapshot.ts'
import { imageOf } from './lookup.ts'

/** DeregisterImage: the AMI goes, its snapshots only when asked for. */
export const deregisterImage: Action = {
  takes: 'ImageId DeleteAssociatedSnapshots',
  async run(call) {
    const { world, parameters } = call
    const image = imageOf(call, parameters.required('ImageId'))
    if (image.protected)
      throw refused('OperationNotPermitted', `The image ${image.id} has deregistration protection enabled.`)
    await world.images.save({ ...image, deregisteredAt: world.now().getTime(), public: false })
    if (!parameters.flag('DeleteAssociatedSnapshots')) return { return: true }
    const ids = image.mappings.flatMap((one) => one.snapshotId ?? [])
    const results: { snapshotId: string; returnCode: string }[] = []
    for (const id of ids) results.push({ snapshotId: id, returnCode: await deleteWithImage(call, id) })
    return { return: true, deleteSnapshotResultSet: results }
  },
}

/** A snapshot that another AMI uses too is skipped. */
async function deleteWithImage(call: Call, id: string): Promise<'success' | 'skipped'> {
  const used = call.world.images
    .all()
    .some((one) => one.deregisteredAt === null && one.mappings.some((mapping) => mapping.snapshotId === id))
  if (used) return 'skipped'
  await deleteUnused(call, id)
  return 'success'
}
