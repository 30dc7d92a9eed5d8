import type { Image } from '@aws-sdk/client-ec2'
import type { Registration } from '#events/vocabulary.ts'
import { pollUntil } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
import { assertUnencrypted } from '../aws/encryption.ts'
import { latenessWithin } from '../aws/late.ts'
import { findImages, where } from '../aws/find.ts'
import type { Region } from '../aws/region.ts'
import type { Ec2Settings } from '../config.ts'
import { blockedPublicAccess } from '../preflight/public-access.ts'
import { quotaObstacle } from '../preflight/public-quota.ts'

/** Throws when one of these images cannot be made public: asked before the first one is. */
export async function assertPublishable(
  region: Region,
  images: readonly Registration[],
  { publicSnapshots, publicImageQuota }: Pick<Ec2Settings, 'publicSnapshots' | 'publicImageQuota'>,
): Promise<void> {
  let closed = 0
  const blocked = await blockedPublicAccess(region, publicSnapshots)
  if (blocked.length > 0) throw new PermanentError('refused', blocked.join('; '))
  for (const image of images) if ((await assertThere(region, image)).Public !== true) closed += 1
  const [tooMany] = await quotaObstacle(region, closed, publicImageQuota)
  if (tooMany !== undefined) throw new PermanentError('refused', tooMany)
}

interface Publication {
  /** Shares the snapshot as well. */
  readonly publicSnapshot: boolean
  /** The same region as another account sees it, where there is one to ask. */
  readonly witness: Region | null
  readonly protect: boolean
}

/** Makes an image public and waits until everybody sees it so. Its snapshot stays ours unless told. */
export async function publishImage(
  region: Region,
  { id: imageId, details }: Registration,
  { publicSnapshot, witness, protect }: Publication,
): Promise<void> {
  const { ec2 } = region
  const everybody = { Add: [{ Group: 'all' as const }] }
  await ec2.modifyImageAttribute({ ImageId: imageId, LaunchPermission: everybody })
  if (publicSnapshot)
    await ec2.modifySnapshotAttribute({ SnapshotId: details['snapshot'], CreateVolumePermission: everybody })
  if (protect) await ec2.enableImageDeregistrationProtection({ ImageId: imageId })
  await pollUntil(
    `${imageId} in ${region.name} public`,
    async () => ((await isPublic(region, imageId, witness)) ? true : null),
    region.pace,
  )
}

/** Throws when an image that was seen to be public is not any more, also when asked again: not all of AWS knows at once what some of it does. */
export async function assertPublic(region: Region, { id: imageId }: Registration): Promise<void> {
  const { name, pace } = region
  await pollUntil(
    `${imageId} in ${name} still public`,
    async () => ((await isPublic(region, imageId, null)) ? true : null),
    { ...pace, patience: latenessWithin(pace) },
  )
}

async function assertThere(region: Region, { id: imageId, name }: Registration): Promise<Image> {
  const image = await lookFor(region, imageId)
  if (image?.State === 'available' && image.Name === name) {
    assertUnencrypted(region, image)
    return image
  }
  const found = image ? `is ${image.State ?? '?'} and named ${image.Name ?? '?'}` : 'is not there'
  throw new PermanentError(
    'environment',
    `${imageId} in ${region.name} ${found}, but was registered as ${name}; retry the upload of the image`,
  )
}

/**
 * All ways of asking must agree: the list of public images is what users see, the permission is what counts, and what
 * another account sees is what we say.
 */
async function isPublic(region: Region, imageId: string, witness: Region | null): Promise<boolean> {
  const listed = { ExecutableUsers: ['all'], Filters: [where('image-id', imageId)] }
  for (const { ec2 } of witness ? [region, witness] : [region]) {
    const { Images: [image] = [] } = await ec2.describeImages(listed)
    if (image?.Public !== true) return false
  }
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
