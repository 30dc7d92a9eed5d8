import type { Image } from '@aws-sdk/client-ec2'
import type { Registration } from '#events/vocabulary.ts'
import { PermanentError } from '#service/errors.ts'
import { isBusy } from './aws-errors.ts'
import { findImages, where } from './find.ts'
import type { Region } from './region.ts'
import { patiently, pollUntil, type Pace } from './wait.ts'

/** Throws when one of these images cannot be made public: asked before the first one is. */
export async function assertPublishable(region: Region, images: readonly Registration[], pace: Pace): Promise<void> {
  const ask = () => region.ec2.getImageBlockPublicAccessState({}, { abortSignal: pace.signal })
  const { ImageBlockPublicAccessState: state, ManagedBy: by } = await patiently(ask, isBusy, pace)
  if (state !== undefined && state !== 'unblocked') {
    const how =
      by === 'declarative-policy'
        ? 'an organization policy sets it: ask those who manage it'
        : 'call DisableImageBlockPublicAccess there; it takes effect within 10 minutes'
    throw new PermanentError('refused', `public images are blocked in ${region.name} (${state}); ${how}`)
  }
  for (const image of images) await assertThere(region, image, pace)
}

/** Makes an image public and waits until everybody sees it so. Its snapshot stays ours unless told. */
export async function publishImage(
  region: Region,
  { id: imageId, details }: Registration,
  publicSnapshot: boolean,
  pace: Pace,
): Promise<void> {
  const { ec2 } = region
  const options = { abortSignal: pace.signal }
  const everybody = { Add: [{ Group: 'all' as const }] }
  await patiently(
    () => ec2.modifyImageAttribute({ ImageId: imageId, LaunchPermission: everybody }, options),
    isBusy,
    pace,
  )
  if (publicSnapshot) {
    const share = { SnapshotId: details['snapshot'], CreateVolumePermission: everybody }
    await patiently(() => ec2.modifySnapshotAttribute(share, options), isBusy, pace)
  }
  await pollUntil(
    `${imageId} in ${region.name} public`,
    async () => ((await isPublic(region, imageId, pace)) ? true : null),
    pace,
  )
}

async function assertThere(region: Region, { id: imageId, name }: Registration, pace: Pace): Promise<void> {
  const image = await lookFor(region, imageId, pace)
  if (image?.State === 'available' && image.Name === name) return
  const found = image ? `is ${image.State ?? '?'} and named ${image.Name ?? '?'}` : 'is not there'
  throw new PermanentError(
    'environment',
    `${imageId} in ${region.name} ${found}, but was registered as ${name}; retry the upload of the image`,
  )
}

/** Both ways of asking must agree: the list of images is what users see, the permission is what counts. */
async function isPublic(region: Region, imageId: string, pace: Pace): Promise<boolean> {
  const image = await lookFor(region, imageId, pace)
  if (image?.Public !== true) return false
  const ask = () =>
    region.ec2.describeImageAttribute({ ImageId: imageId, Attribute: 'launchPermission' }, { abortSignal: pace.signal })
  const { LaunchPermissions: permissions = [] } = await patiently(ask, isBusy, pace)
  return permissions.some((one) => one.Group === 'all')
}

async function lookFor(region: Region, imageId: string, pace: Pace): Promise<Image | undefined> {
  const [image] = await findImages(region, pace, where('image-id', imageId))
  return image
}
