import type { Image } from '@aws-sdk/client-ec2'
import type { Registration } from '#events/vocabulary.ts'
import { pollUntil } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
import { assertUnencrypted } from '../aws/encryption.ts'
import { findImages, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'

/** Throws when one of these images cannot be made public: asked before the first one is. */
export async function assertPublishable(region: Region, images: readonly Registration[]): Promise<void> {
  const { ImageBlockPublicAccessState: state, ManagedBy: by } = await region.ec2.getImageBlockPublicAccessState({})
  if (state !== undefined && state !== 'unblocked') {
    const how =
      by === 'declarative-policy'
        ? 'an organization policy sets it: ask those who manage it'
        : 'call DisableImageBlockPublicAccess there; it takes effect within 10 minutes'
    throw new PermanentError('refused', `public images are blocked in ${region.name} (${state}); ${how}`)
  }
  for (const image of images) await assertThere(region, image)
}

/** Makes an image public and waits until everybody sees it so. Its snapshot stays ours unless told. */
export async function publishImage(
  region: Region,
  { id: imageId, details }: Registration,
  publicSnapshot: boolean,
): Promise<void> {
  const { ec2 } = region
  const everybody = { Add: [{ Group: 'all' as const }] }
  await ec2.modifyImageAttribute({ ImageId: imageId, LaunchPermission: everybody })
  if (publicSnapshot)
    await ec2.modifySnapshotAttribute({ SnapshotId: details['snapshot'], CreateVolumePermission: everybody })
  await pollUntil(
    `${imageId} in ${region.name} public`,
    async () => ((await isPublic(region, imageId)) ? true : null),
    region.pace,
  )
}

async function assertThere(region: Region, { id: imageId, name }: Registration): Promise<void> {
  const image = await lookFor(region, imageId)
  if (image?.State === 'available' && image.Name === name) {
    assertUnencrypted(region, image)
    return
  }
  const found = image ? `is ${image.State ?? '?'} and named ${image.Name ?? '?'}` : 'is not there'
  throw new PermanentError(
    'environment',
    `${imageId} in ${region.name} ${found}, but was registered as ${name}; retry the upload of the image`,
  )
}

/** Both ways of asking must agree: the list of images is what users see, the permission is what counts. */
async function isPublic(region: Region, imageId: string): Promise<boolean> {
  const image = await lookFor(region, imageId)
  if (image?.Public !== true) return false
  const { LaunchPermissions: permissions = [] } = await region.ec2.describeImageAttribute({
    ImageId: imageId,
    Attribute: 'launchPermission',
  })
  return permissions.some((one) => one.Group === 'all')
}

async function lookFor(region: Region, imageId: string): Promise<Image | undefined> {
  const [image] = await findImages(region, where('image-id', imageId))
  return image
}
