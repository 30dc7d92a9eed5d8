import type { Image } from '@aws-sdk/client-ec2'
import type { Registration } from '#events/vocabulary.ts'
import type { UploadOrder } from './cloud.ts'
import type { Ec2Settings } from './config.ts'
import type { Extent } from './extents.ts'
import { findSnapshots, where } from './find.ts'
import { applyTags, availability, findImage, registerImage } from './provide-image.ts'
import { provideSnapshot } from './provide-snapshot.ts'
import type { Region } from './region.ts'
import { removeSnapshot } from './remove.ts'
import { target } from './step.ts'
import { bytesToRead } from './upload-blocks.ts'
import type { Pace } from './wait.ts'

interface Upload {
  readonly extents: readonly Extent[]
  readonly settings: Ec2Settings
  readonly pace: Pace
  readonly onBytes: (count: number) => void
  readonly onPhase: (phase: string) => void
}

interface Placed {
  readonly registration: Registration
  readonly bytes: number
}

/** Puts an image into one region. Each step looks first for what an earlier try has left. */
export async function uploadImage(region: Region, order: UploadOrder, upload: Upload): Promise<Placed> {
  const { settings, pace, onPhase } = upload
  onPhase('looking for the image')
  const found = await findImage(region, order, pace)
  const imageId = found?.ImageId ?? (await makeImage(region, order, upload))
  onPhase('waiting for the image')
  const snapshotId = snapshotOf(await availability(region, imageId, pace))
  await applyTags(region, order, [imageId, snapshotId], pace)
  const [snapshot] = await findSnapshots(region, pace, where('snapshot-id', snapshotId))
  const registration: Registration = {
    target,
    emulated: settings.emulated,
    place: region.name,
    id: imageId,
    name: order.name,
    details: { snapshot: snapshotId },
  }
  return { registration, bytes: snapshot?.FullSnapshotSizeInBytes ?? bytesToRead(upload.extents, order.disk.size) }
}

async function makeImage(region: Region, order: UploadOrder, upload: Upload): Promise<string> {
  const { settings, pace, onPhase } = upload
  onPhase('uploading')
  const { connections } = settings
  const snapshotId = await provideSnapshot(region, order, { ...upload, connections })
  onPhase('registering')
  const imageId = await registerImage(region, order, snapshotId, settings, pace)
  const used = snapshotOf(await availability(region, imageId, pace))
  // Somebody else was at the same job and faster: theirs counts.
  if (used !== snapshotId) await removeSnapshot(region, snapshotId, pace)
  return imageId
}

function snapshotOf(image: Image): string {
  const root = image.BlockDeviceMappings?.find((one) => one.DeviceName === image.RootDeviceName)
  return root?.Ebs?.SnapshotId ?? ''
}
