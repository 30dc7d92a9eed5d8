import type { ArtifactStore } from '#artifacts/store.ts'
import {
  imageKey,
  type ArtifactRef,
  type BootRecord,
  type ComposeRef,
  type DropImage,
  type ImagePlan,
  type Registration,
} from '#events/vocabulary.ts'
import type { UploadOrder } from '../cloud.ts'
import { target } from '../step.ts'
import { amiName } from '../upload/ami-name.ts'
import { testedFirmware } from '../upload/boot-mode.ts'

interface Ordered {
  readonly drop: string
  readonly compose: ComposeRef
  readonly image: ImagePlan
  readonly disk: ArtifactRef
  readonly boots?: readonly BootRecord[] | undefined
}

/** The order for an image: the same whichever event asks for it. */
export async function orderFor(
  { drop, compose, image, disk, boots }: Ordered,
  artifacts: ArtifactStore,
  signal: AbortSignal,
): Promise<UploadOrder> {
  const path = await artifacts.open(disk, signal)
  return {
    drop,
    image: imageKey(image),
    stream: `${/^[a-z]+/.exec(drop)?.[0] ?? 'drop'} ${compose.short} ${compose.version}`,
    compose: compose.id,
    name: amiName({ drop, compose, image }),
    architecture: image.architecture,
    firmware: testedFirmware(boots),
    disk: { path, sha256: disk.sha256, size: disk.size },
  }
}

/** An image may be registered in other clouds as well. */
export function registrationsOf({ registrations }: DropImage): Registration[] {
  return registrations.filter((one) => one.target === target)
}
