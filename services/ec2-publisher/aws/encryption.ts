import type { Image } from '@aws-sdk/client-ec2'
import { PermanentError } from '#service/errors.ts'
import type { Region } from './region.ts'

/** Throws where the account encrypts everything that is new. */
export async function assertUnencryptedByDefault(region: Region): Promise<void> {
  const [obstacle] = await encryptionObstacle(region)
  if (obstacle !== undefined) throw new PermanentError('refused', obstacle)
}

/**
 * Says so where the account encrypts everything that is new. In an encrypted snapshot the blocks that were left out do
 * not read as zeros, and an AMI with one cannot be made public.
 */
export async function encryptionObstacle({ ec2, name }: Region): Promise<string[]> {
  const { EbsEncryptionByDefault: on } = await ec2.getEbsEncryptionByDefault({})
  if (on !== true) return []
  return [
    `EBS encryption by default is on in ${name}: blocks that are left out of an encrypted snapshot do not read as ` +
      `zeros, and its AMI cannot be made public; turn it off for this account ` +
      `(aws ec2 disable-ebs-encryption-by-default --region ${name}), then retry`,
  ]
}

/** Throws when an AMI has an encrypted snapshot, as one that was registered where encryption was on. */
export function assertUnencrypted({ name }: Region, image: Image): void {
  if (image.BlockDeviceMappings?.some((one) => one.Ebs?.Encrypted === true) !== true) return
  throw new PermanentError(
    'refused',
    `${image.ImageId ?? '?'} in ${name} has an encrypted snapshot, so it cannot be made public; deregister it, then ` +
      'retry the upload of the image',
  )
}
