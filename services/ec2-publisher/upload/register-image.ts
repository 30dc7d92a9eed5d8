import type { Image, RegisterImageCommandInput } from '@aws-sdk/client-ec2'
import type { Architecture } from '#events/vocabulary.ts'
import { pollUntil } from '#publishing/wait.ts'
import { PermanentError, TransientError } from '#service/errors.ts'
import { codeOf } from '#publishing/sdk-errors.ts'
import { findImages, where } from '../aws/find.ts'
import { onceSeen } from '../aws/late.ts'
import type { Region } from '../aws/region.ts'
import { removeImage } from '../aws/remove.ts'
import { digestTag, tagsOf, tagValue } from '../aws/tags.ts'
import type { UploadOrder } from '../cloud.ts'
import type { Ec2Settings } from '../config.ts'
import { bootModeOf } from './boot-mode.ts'
import { gibibytesFor } from './disk-blocks.ts'

/**
 * The AMI of the order, or null. One of an earlier try stays as it was registered, also when the settings have changed
 * since: its id may have been told. Throws when the name belongs to something that is not ours.
 */
export async function findImage(region: Region, order: UploadOrder): Promise<Image | null> {
  const images = await findImages(region, where('name', order.name))
  const found = images.find((one) => one.State !== 'deregistered') ?? null
  if (!found) return null
  const digest = tagValue(found.Tags, digestTag)
  if (digest === order.disk.sha256) return found
  throw new PermanentError(
    'refused',
    `the AMI name ${order.name} is taken in ${region.name} by ${found.ImageId ?? '?'}, which holds ` +
      `${digest === null ? 'something that imagedrop did not make' : `the disk ${digest}`} instead of ${order.disk.sha256}; ` +
      'deregister it if it is not needed, then retry',
  )
}

/** Registers the AMI on its snapshot. When the name turns out to be taken, by ourselves a moment ago, gives that one. */
export async function registerImage(
  region: Region,
  order: UploadOrder,
  snapshotId: string,
  settings: Ec2Settings,
): Promise<string> {
  const request = registration(order, snapshotId, settings)
  try {
    const { ImageId: imageId = '' } = await onceSeen(() => region.ec2.registerImage(request), region.pace)
    return imageId
  } catch (error) {
    if (codeOf(error) !== 'InvalidAMIName.Duplicate') throw error
    // It can be registered and not yet be seen.
    const what = `${order.name} seen in ${region.name}, where its name is taken`
    const found = await pollUntil(what, () => findImage(region, order), region.pace)
    return found.ImageId ?? ''
  }
}

/** Resolves when the AMI can be launched. */
export async function availability(region: Region, imageId: string): Promise<Image> {
  return await pollUntil(`${imageId} in ${region.name} available`, () => lookAtImage(region, imageId), region.pace)
}

/** The AMI once it can be launched; null before that. One that came to nothing is removed, so that another try is free. */
export async function lookAtImage(region: Region, imageId: string): Promise<Image | null> {
  const [seen] = await findImages(region, where('image-id', imageId))
  if (seen?.State === 'failed' || seen?.State === 'error' || seen?.State === 'invalid') {
    await removeImage(region, imageId)
    const reason = seen.StateReason?.Message ?? 'no reason given'
    throw new TransientError(`${imageId} in ${region.name} became ${seen.State}: ${reason}`)
  }
  return seen?.State === 'available' ? seen : null
}

/** i686 is named i386 here, and runs on machines that know no ENA. */
export function registration(
  order: UploadOrder,
  snapshotId: string,
  settings: Pick<Ec2Settings, 'rootDevice' | 'rootGib' | 'x86BootMode' | 'tpm'>,
): RegisterImageCommandInput {
  const { rootDevice, rootGib } = settings
  const { mode, tpm } = bootModeOf(order, settings)
  const byArchitecture = {
    i686: { Architecture: 'i386' },
    x86_64: { Architecture: 'x86_64', EnaSupport: true, SriovNetSupport: 'simple' },
    aarch64: { Architecture: 'arm64', EnaSupport: true },
  } as const satisfies Record<Architecture, Partial<RegisterImageCommandInput>>
  const root = {
    SnapshotId: snapshotId,
    // The root file system grows into it at the first boot. AWS takes none that is smaller than the snapshot.
    VolumeSize: Math.max(rootGib, gibibytesFor(order.disk.size)),
    VolumeType: 'gp3',
    DeleteOnTermination: true,
  } as const
  return {
    Name: order.name,
    Description: `${order.image} of ${order.drop}`.slice(0, 255),
    ...byArchitecture[order.architecture],
    BootMode: mode,
    ...(tpm ? { TpmSupport: 'v2.0' } : {}),
    VirtualizationType: 'hvm',
    ImdsSupport: 'v2.0',
    RootDeviceName: rootDevice,
    BlockDeviceMappings: [{ DeviceName: rootDevice, Ebs: root }],
    TagSpecifications: [{ ResourceType: 'image', Tags: tagsOf(order) }],
  }
}
