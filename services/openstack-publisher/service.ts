import type { ArtifactStore } from '#artifacts/store.ts'
import { cadenceReached } from '#events/cadence.ts'
import { cloudAudited } from '#events/cloud-audited.ts'
import { say } from '#events/define.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { imageConverted, type ImageConverted } from '#events/image-converted.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageTested, type ImageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { imageKey, type DropImage } from '#events/vocabulary.ts'
import { auditKeyOf, noAudit, type AuditPolicy } from '#publishing/audit-policy.ts'
import { auditAtCadence, type ScheduledAudit } from '#publishing/scheduled-audit.ts'
import { waitForRemoval } from '#publishing/wait-for-removal.ts'
import { defineService, type Context, type Waited, type WaitFor } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import type { Clouds } from './cloud.ts'
import { publishBlessed } from './jobs/publish-blessed.ts'
import { registrationsOf } from './jobs/registrations.ts'
import { target } from './step.ts'

export interface Dependencies {
  readonly artifacts: ArtifactStore
  readonly clouds: Clouds
  /** MiB of memory that a server needs at least. */
  readonly minRam: number
  /** Days for which a superseded image is only hidden. */
  readonly keepDays: number
  /** Where clouds that download find the root of our mirror. */
  readonly mirrorUrl: string | null
  /** How often a download is looked at, and how long it may take. */
  readonly lookSeconds: number
  readonly downloadHours: number
  /** How the clouds are compared with the ledger by themselves; without it never. */
  readonly audit?: AuditPolicy
}

const day = 86_400_000

/**
 * Puts images that passed their boot test into OpenStack's Glance: private at first, open with the blessing, hidden and gone when
 * withdrawn. Now and then it looks whether all is there as it said.
 */
export const openstackPublisher = defineService({
  name: 'openstack-publisher',
  consumes: [imageTested, dropBlessed, dropSuperseded, dropExpired, cadenceReached],
  emits: [imageUploaded, imagePublished, cloudAudited, imageFailed, dropFailed],
  asides: [cadenceReached],
  keyOf: auditKeyOf,
  wakes: [
    { event: imageConverted, keyOf: conversionOf },
    { event: dropMirrored, keyOf: ({ drop }) => drop },
  ],
  concerns({ subject, body }) {
    if (subject === 'cadence.reached.v1') return true
    return subject === 'image.tested.v1' ? body.verdict === 'passed' && isForUs(body) : body.images.some(isForUs)
  },
  async handle(event, dependencies: Dependencies, context) {
    const { clouds } = dependencies
    switch (event.subject) {
      case 'image.tested.v1': {
        if (event.body.verdict !== 'passed' || !event.body.image.targets.includes(target)) return []
        const converted = conversionFrom(context.waited, event.body)
        if (converted === null) return { events: [], wait: waitForConversion(event.body, context) }
        return await upload(event.body, converted, dependencies, context)
      }
      case 'drop.blessed.v1':
        return await publishBlessed(event.body, dependencies, context)
      case 'drop.superseded.v1': {
        const { drop, images } = event.body
        const ours = images.flatMap(registrationsOf)
        if (!images.some(({ image }) => image.targets.includes(target))) return []
        if (context.waited === undefined && (await clouds.hide(drop, ours, context)) && dependencies.keepDays > 0)
          return { events: [], wait: waitForRemoval(dependencies.keepDays, 'images stay hidden', context) }
        await clouds.remove(drop, ours, context)
        return []
      }
      case 'drop.expired.v1': {
        const { drop, images } = event.body
        if (!images.some(({ image }) => image.targets.includes(target))) return []
        // Also without registrations: an upload that was cut off has left things that no event knows of.
        await clouds.remove(drop, images.flatMap(registrationsOf), context)
        return []
      }
      case 'cadence.reached.v1': {
        const { audit = noAudit } = dependencies
        const look: ScheduledAudit['look'] = (drops, repair) => clouds.audit(drops, context, { repair })
        return await auditAtCadence(event.body, { target, ...audit, look }, context)
      }
    }
  },
})

function isForUs({ image }: Pick<DropImage, 'image'>): boolean {
  return image.targets.includes(target)
}

function conversionOf({ drop, image }: Pick<ImageConverted, 'drop' | 'image'>): string {
  return `${drop} ${imageKey(image)}`
}

/** The conversion of the disk that was tested, once it is there: the test may be done sooner. */
function conversionFrom(
  waited: Waited<typeof imageConverted | typeof dropMirrored> | undefined,
  { disk }: ImageTested,
): ImageConverted | null {
  if (waited === undefined || waited.why === 'time' || waited.why.event.subject !== imageConverted.subject) return null
  const { body } = waited.why.event
  return body.disk.sha256 === disk.sha256 ? body : null
}

/** A conversion that fails is taken up again by a person, whenever that is; the end of the drop ends the wait. */
function waitForConversion(body: ImageTested, { now }: Context): WaitFor {
  return {
    for: conversionOf(body),
    until: new Date(now().getTime() + day),
    reason: 'the conversion',
    state: { disk: body.disk.sha256 },
  }
}

async function upload(
  { drop, compose, image, disk }: ImageTested,
  { artifacts: made }: ImageConverted,
  { artifacts, clouds, minRam }: Dependencies,
  context: Context,
) {
  const start = context.now().getTime()
  const file = made.find(({ format }) => format === 'qcow2')
  if (file === undefined) throw new PermanentError('bug', `${imageKey(image)} of ${drop} was not converted to qcow2`)
  const path = await artifacts.open(file, context.signal)
  const order = {
    drop,
    compose,
    image,
    file: { path, sha256: file.sha256, size: file.size },
    diskSize: disk.size,
    minRam,
  }
  const registrations = await clouds.upload(order, context)
  const seconds = (context.now().getTime() - start) / 1000
  const missing = clouds.downloading.map((place) => ({
    target,
    place,
    reason: 'fetches the image once the mirror is open',
  }))
  const places = { registrations, ...(missing.length === 0 ? {} : { missing }) }
  return [say(imageUploaded, { drop, compose, image, ...places, bytes: file.size * registrations.length, seconds })]
}
