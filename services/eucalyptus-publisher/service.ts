import type { ArtifactStore } from '#artifacts/store.ts'
import { cadenceReached } from '#events/cadence.ts'
import { cloudAudited } from '#events/cloud-audited.ts'
import { say } from '#events/define.ts'
import { dropBlessed, type DropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageTested, type ImageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import type { DropImage, Registration } from '#events/vocabulary.ts'
import { auditKeyOf, noAudit, type AuditPolicy } from '#publishing/audit-policy.ts'
import { auditAtCadence, type ScheduledAudit } from '#publishing/scheduled-audit.ts'
import { waitForRemoval } from '#publishing/wait-for-removal.ts'
import { defineService, type Context } from '#service/define.ts'
import type { Clouds } from './cloud.ts'
import { target } from './step.ts'

export interface Dependencies {
  readonly artifacts: ArtifactStore
  readonly clouds: Clouds
  /** Days for which a superseded image is only private. */
  readonly keepDays: number
  /** How the clouds are compared with the ledger by themselves; without it never. */
  readonly audit?: AuditPolicy
}

/**
 * Bundles images that passed their boot test for Eucalyptus: private at first, open with the blessing, gone when withdrawn. Now and
 * then it looks whether all is there as it said.
 */
export const eucalyptusPublisher = defineService({
  name: 'eucalyptus-publisher',
  consumes: [imageTested, dropBlessed, dropSuperseded, dropExpired, cadenceReached],
  emits: [imageUploaded, imagePublished, cloudAudited, imageFailed, dropFailed],
  asides: [cadenceReached],
  keyOf: auditKeyOf,
  concerns({ subject, body }) {
    if (subject === 'cadence.reached.v1') return true
    return subject === 'image.tested.v1' ? body.verdict === 'passed' && isWanted(body) : body.images.some(isWanted)
  },
  async handle(event, dependencies: Dependencies, context) {
    const { clouds, keepDays } = dependencies
    switch (event.subject) {
      case 'image.tested.v1':
        return await upload(event.body, dependencies, context)
      case 'drop.blessed.v1':
        return await publish(event.body, dependencies, context)
      case 'drop.superseded.v1': {
        const { drop, images } = event.body
        if (!images.some(isWanted)) return []
        if (context.waited === undefined && (await clouds.hide(drop, context)) && keepDays > 0)
          return { events: [], wait: waitForRemoval(keepDays, 'images stay private', context) }
        await clouds.remove(drop, context)
        return []
      }
      case 'drop.expired.v1': {
        const { drop, images } = event.body
        // Also without registrations: an upload that was cut off has left things that no event knows of.
        if (images.some(isWanted)) await clouds.remove(drop, context)
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

async function upload(
  { drop, compose, image, disk, verdict }: ImageTested,
  { artifacts, clouds }: Dependencies,
  context: Context,
) {
  if (verdict !== 'passed' || !isWanted({ image })) return []
  const start = context.now().getTime()
  const path = await artifacts.open(disk, context.signal)
  const order = { drop, compose, image, disk: { path, sha256: disk.sha256, size: disk.size } }
  const { registrations, bytes } = await clouds.upload(order, context)
  const seconds = (context.now().getTime() - start) / 1000
  return [say(imageUploaded, { drop, compose, image, registrations, bytes, seconds })]
}

async function publish({ drop, compose, images }: DropBlessed, { clouds }: Dependencies, context: Context) {
  const wanted = images.filter((one) => one.outcome === 'passed' && registrationsOf(one).length > 0)
  if (wanted.length === 0) return []
  await clouds.publish(drop, wanted.flatMap(registrationsOf), context)
  return wanted.map((one) =>
    say(imagePublished, { drop, compose, image: one.image, registrations: registrationsOf(one) }),
  )
}

function isWanted({ image }: Pick<DropImage, 'image'>): boolean {
  return image.targets.includes(target)
}

/** An image may be registered in other clouds as well. */
function registrationsOf({ registrations }: DropImage): Registration[] {
  return registrations.filter((one) => one.target === target)
}
