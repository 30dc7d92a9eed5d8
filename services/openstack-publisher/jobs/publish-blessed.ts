import { z } from 'zod'
import type { ArtifactStore } from '#artifacts/store.ts'
import { say } from '#events/define.ts'
import type { DropBlessed } from '#events/drop-blessed.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageKey, mirroredFile, type DropImage, type MirroredFile, type Registration } from '#events/vocabulary.ts'
import { mirrorAddress } from '#publishing/mirror-address.ts'
import type { Context, Waited, WaitFor } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import type { Clouds } from '../cloud.ts'
import type { DownloadOrder } from '../download/ensure-download.ts'
import { registrationsOf } from './registrations.ts'
import { target } from '../step.ts'

const hour = 3_600_000

/** The qcow2 files on the mirror, and since when the clouds fetch them. */
const kept = z.object({ files: z.array(mirroredFile), since: z.number() })
type Kept = z.infer<typeof kept>

interface Given {
  readonly artifacts: ArtifactStore
  readonly clouds: Clouds
  readonly minRam: number
  readonly mirrorUrl: string | null
  readonly lookSeconds: number
  readonly downloadHours: number
}

type Blessing = Context & { readonly waited?: Waited }

/**
 * Opens the images of a blessed drop: those that were uploaded at once; clouds that download have them fetched once the mirror
 * is open. Says so when all are open everywhere. Between two looks the job waits and holds nothing.
 */
export async function publishBlessed(body: DropBlessed, given: Given, context: Blessing) {
  const { drop, images } = body
  const { clouds } = given
  const wanted = images.filter(({ outcome, image }) => outcome === 'passed' && image.targets.includes(target))
  if (wanted.length === 0) return []
  if (context.waited === undefined) await clouds.publish(drop, wanted.flatMap(registrationsOf), context)
  if (clouds.downloading.length === 0) return sayPublished(body, wanted, [])
  const known = mirrored(context)
  if (known === null) return { events: [], wait: waitForMirror(drop, context) }
  const orders = await Promise.all(wanted.map((one) => orderOf(body, one, known, given, context)))
  const again = context.waited?.why === 'time'
  const fetched = await clouds.download(orders, { ...context, again })
  if (fetched === null) return { events: [], wait: waitForDownload(known, given, context) }
  await clouds.publish(drop, fetched.flat(), context)
  return sayPublished(body, wanted, fetched)
}

function sayPublished(
  { drop, compose }: DropBlessed,
  wanted: readonly DropImage[],
  fetched: readonly (readonly Registration[])[],
) {
  return wanted.flatMap((one, index) => {
    const registrations = [...registrationsOf(one), ...(fetched[index] ?? [])]
    return registrations.length === 0 ? [] : [say(imagePublished, { drop, compose, image: one.image, registrations })]
  })
}

/** What the mirror has, once it is open: as the event told, or as it was kept since. */
function mirrored({ waited, now }: Blessing): Kept | null {
  if (waited === undefined || waited.state === null) {
    if (waited === undefined || waited.why === 'time') return null
    const { files } = dropMirrored.schema.parse(waited.why.event.body)
    return { files: files.filter(({ path }) => path.endsWith('.qcow2')), since: now().getTime() }
  }
  return kept.parse(waited.state)
}

async function orderOf(
  { drop, compose }: DropBlessed,
  { image, artifacts, evidence }: DropImage,
  { files }: Kept,
  given: Given,
  context: Context,
): Promise<DownloadOrder> {
  const file = files.find((one) => one.image === imageKey(image))
  const made = artifacts.find(({ format }) => format === 'qcow2')
  if (file === undefined || made === undefined || evidence === undefined)
    throw new PermanentError('bug', `${imageKey(image)} of ${drop} has no qcow2 on the mirror`)
  const { sha256, size }: MirroredFile = file
  const path = await given.artifacts.open(made, context.signal)
  const url = mirrorAddress(given.mirrorUrl, file.path, 'IMAGEDROP_OPENSTACK_PUBLISHER_MIRROR_URL')
  return { drop, compose, image, file: { path, sha256, size }, diskSize: evidence.disk.size, minRam: given.minRam, url }
}

/** The mirror is opened after the same blessing; the end of the drop ends the wait. */
function waitForMirror(drop: string, { now }: Context): WaitFor {
  return { for: drop, until: new Date(now().getTime() + 24 * hour), reason: 'the open mirror', state: null }
}

/** A cloud tells nobody when it has fetched a file. */
function waitForDownload(state: Kept, { lookSeconds, downloadHours }: Given, { now }: Context): WaitFor {
  const at = now().getTime()
  if (at - state.since > downloadHours * hour)
    throw new PermanentError('stuck', `no cloud has all images after ${String(downloadHours)} h`)
  return { for: null, until: new Date(at + lookSeconds * 1000), reason: 'the clouds to fetch the images', state }
}
