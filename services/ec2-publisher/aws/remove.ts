import type { Image } from '@aws-sdk/client-ec2'
import { patiently } from '#publishing/wait.ts'
import { codeOf } from '#publishing/sdk-errors.ts'
import { isMissing } from './errors.ts'
import { onceSeen } from './late.ts'
import type { Region } from './region.ts'

/** Deletes a snapshot; one that is gone is done. For a while after an AMI went its snapshot still counts as used. */
export async function removeSnapshot({ ec2, pace }: Region, snapshotId: string): Promise<void> {
  const remove = () => ec2.deleteSnapshot({ SnapshotId: snapshotId })
  await unlessGone(() => patiently(remove, isInUse, pace))
}

/** Deletes a snapshot that was made a moment ago: that it is missing may mean that it is not to be seen yet. */
export async function removeNewSnapshot({ ec2, pace }: Region, snapshotId: string): Promise<void> {
  await unlessGone(() => onceSeen(() => ec2.deleteSnapshot({ SnapshotId: snapshotId }), pace))
}

/** Deletes a snapshot unless an image uses it: one that we do not see yet, or not any more. */
export async function removeUnlessUsed({ ec2 }: Region, snapshotId: string): Promise<void> {
  try {
    await unlessGone(() => ec2.deleteSnapshot({ SnapshotId: snapshotId }))
  } catch (error) {
    if (!isInUse(error)) throw error
  }
}

/** Deregisters an AMI; one that is gone is done. */
export async function removeImage({ ec2 }: Region, imageId: string): Promise<void> {
  await unlessGone(() => ec2.deregisterImage({ ImageId: imageId }))
}

/** The same for one of ours that may be protected against that. */
export async function removeProtected(region: Region, image: Image): Promise<void> {
  const { ImageId: imageId = '', DeregistrationProtection: protection = 'disabled' } = image
  if (protection !== 'disabled')
    await unlessGone(() => region.ec2.disableImageDeregistrationProtection({ ImageId: imageId }))
  await removeImage(region, imageId)
}

function isInUse(error: unknown): boolean {
  return codeOf(error) === 'InvalidSnapshot.InUse'
}

async function unlessGone(remove: () => Promise<unknown>): Promise<void> {
  try {
    await remove()
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
