import type { Image } from '@aws-sdk/client-ec2'
import { pollUntil } from '#publishing/wait.ts'
import { findImages, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'

const nobody = { Remove: [{ Group: 'all' as const }] }

/** Deprecates an image from a moment on: others find it only by its id, and can still launch it. */
export async function deprecate({ ec2 }: Region, image: Image, from: Date): Promise<void> {
  const already = Date.parse(image.DeprecationTime ?? '')
  if (already <= from.getTime()) return
  await ec2.enableImageDeprecation({ ImageId: image.ImageId, DeprecateAt: from })
}

/** Makes an image and its snapshots private, and resolves when they are seen to be so. */
export async function hide(region: Region, image: Image): Promise<void> {
  const { ec2, pace, name } = region
  const { ImageId: imageId = '' } = image
  await ec2.modifyImageAttribute({ ImageId: imageId, LaunchPermission: nobody })
  for (const { Ebs: disk } of image.BlockDeviceMappings ?? [])
    if (disk?.SnapshotId !== undefined)
      await ec2.modifySnapshotAttribute({ SnapshotId: disk.SnapshotId, CreateVolumePermission: nobody })
  await pollUntil(
    `${imageId} in ${name} private`,
    async () => {
      const [seen] = await findImages(region, where('image-id', imageId))
      return seen?.Public === true ? null : true
    },
    pace,
  )
}
