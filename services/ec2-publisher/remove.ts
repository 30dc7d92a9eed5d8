import { codeOf, isBusy, isMissing } from './aws-errors.ts'
import type { Region } from './region.ts'
import { patiently, type Pace } from './wait.ts'

/** Deletes a snapshot; one that is gone is done. For a while after an AMI went its snapshot still counts as used. */
export async function removeSnapshot(region: Region, snapshotId: string, pace: Pace): Promise<void> {
  const remove = () => region.ec2.deleteSnapshot({ SnapshotId: snapshotId }, { abortSignal: pace.signal })
  await unlessGone(() => patiently(remove, (error) => isBusy(error) || codeOf(error) === 'InvalidSnapshot.InUse', pace))
}

/** Deregisters an AMI; one that is gone is done. */
export async function removeImage(region: Region, imageId: string, pace: Pace): Promise<void> {
  const remove = () => region.ec2.deregisterImage({ ImageId: imageId }, { abortSignal: pace.signal })
  await unlessGone(() => patiently(remove, isBusy, pace))
}

async function unlessGone(remove: () => Promise<unknown>): Promise<void> {
  try {
    await remove()
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
