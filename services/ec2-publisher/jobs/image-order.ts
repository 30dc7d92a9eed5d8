import type { ArtifactStore } from '#artifacts/store.ts'
import {
  imageKey,
  type ArtifactRef,
  type BootRecord,
  type ComposeRef,
  type DropKind,
  type DropImage,
  type ImagePlan,
  type Registration,
} from '#events/vocabulary.ts'
import type { Newest, UploadOrder } from '../cloud.ts'
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

interface Named {
  readonly kind: DropKind
  readonly compose: Pick<ComposeRef, 'short' | 'version'>
}

/** By what an image is asked for as the newest of its kind. A parameter's name has fewer signs than a version may have. */
export function newestName(
  { kind, compose: { short, version } }: Named,
  { flavour, architecture }: Pick<ImagePlan, 'flavour' | 'architecture'>,
): Newest['name'] {
  const parts = [short.toLowerCase(), version, kind, flavour, architecture, 'latest']
  return parts.map((part) => part.replaceAll(/[^a-zA-Z0-9_.-]/g, '_')).join('/')
}
