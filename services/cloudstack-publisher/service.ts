import { cadenceReached } from '#events/cadence.ts'
import { cloudAudited } from '#events/cloud-audited.ts'
import { say } from '#events/define.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropMirrored, type DropMirrored } from '#events/drop-mirrored.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageKey, type DropImage } from '#events/vocabulary.ts'
import { auditKeyOf, noAudit, type AuditPolicy } from '#publishing/audit-policy.ts'
import { mirrorAddress } from '#publishing/mirror-address.ts'
import { auditAtCadence, type ScheduledAudit } from '#publishing/scheduled-audit.ts'
import { waitForRemoval } from '#publishing/wait-for-removal.ts'
import { defineService, type Context, type Waited, type WaitFor } from '#service/define.ts'
import { PermanentError } from '#service/errors.ts'
import type { Clouds } from './cloud.ts'
import type { Order } from './register/order.ts'
import { target } from './step.ts'

export interface Dependencies {
  readonly clouds: Clouds
  /** Where the clouds find the root of our mirror. */
  readonly mirrorUrl: string | null
  /** How often a download is looked at, and how long it may take. */
  readonly lookSeconds: number
  readonly downloadHours: number
  /** Days for which a superseded template is only private. */
  readonly keepDays: number
  /** How the clouds are compared with the ledger by themselves; without it never. */
  readonly audit?: AuditPolicy
}

const hour = 3_600_000

/**
 * Has CloudStack fetch the images of an open mirror as templates, opens them when they are there, and withdraws them. Now and then
 * it looks whether all is there as it said.
 */
export const cloudstackPublisher = defineService({
  name: 'cloudstack-publisher',
  consumes: [dropMirrored, dropSuperseded, dropExpired, cadenceReached],
  emits: [imagePublished, cloudAudited, imageFailed, dropFailed],
  asides: [cadenceReached],
  keyOf: auditKeyOf,
  concerns: ({ subject, body }) => subject === 'cadence.reached.v1' || body.images.some(isForUs),
  async handle(event, dependencies: Dependencies, context) {
    const { clouds, keepDays, audit = noAudit } = dependencies
    if (event.subject === 'cadence.reached.v1') {
      const look: ScheduledAudit['look'] = (drops, repair) => clouds.audit(drops, context, { repair })
      return await auditAtCadence(event.body, { target, ...audit, look }, context)
    }
    const wanted = event.body.images.filter(isForUs)
    if (wanted.length === 0) return []
    switch (event.subject) {
      case 'drop.mirrored.v1':
        return await publish(event.body, wanted, dependencies, context)
      case 'drop.superseded.v1': {
        const { drop } = event.body
        if (context.waited === undefined && (await clouds.hide(drop, context)) && keepDays > 0)
          return { events: [], wait: waitForRemoval(keepDays, 'templates stay private', context) }
        await clouds.remove(drop, context)
        return []
      }
      case 'drop.expired.v1':
        await clouds.remove(event.body.drop, context)
        return []
    }
  },
  async abandon(event, { clouds }, context) {
    if (event.subject === 'drop.mirrored.v1') await clouds.remove(event.body.drop, context)
  },
})

function isForUs({ image }: Pick<DropImage, 'image'>): boolean {
  return image.targets.includes(target)
}

async function publish(
  body: DropMirrored,
  wanted: readonly DropImage[],
  dependencies: Dependencies,
  context: Context & { readonly waited?: Waited },
) {
  const images = wanted.filter(({ outcome }) => outcome === 'passed')
  if (images.length === 0) return []
  const orders = images.map((one) => orderOf(body, one, dependencies))
  const registered = await dependencies.clouds.publish(orders, context)
  if (registered === null) return { events: [], wait: waitForDownload(dependencies, context) }
  const { drop, compose } = body
  return orders.map(({ image }, index) =>
    say(imagePublished, { drop, compose, image, registrations: [...(registered[index] ?? [])] }),
  )
}

function orderOf({ drop, compose, files }: DropMirrored, { image }: DropImage, { mirrorUrl }: Dependencies): Order {
  const file = files.find((one) => one.image === imageKey(image) && one.path.endsWith('.qcow2'))
  if (file === undefined) throw new PermanentError('bug', `${imageKey(image)} of ${drop} has no qcow2 on the mirror`)
  const url = mirrorAddress(mirrorUrl, file.path, 'IMAGEDROP_CLOUDSTACK_PUBLISHER_MIRROR_URL')
  return { drop, compose, image, file: { url, sha256: file.sha256 } }
}

/** A cloud tells nobody when it has fetched a file. */
function waitForDownload(
  { lookSeconds, downloadHours }: Dependencies,
  { now, waited }: Context & { readonly waited?: Waited },
): WaitFor {
  const since = waited?.since ?? now()
  if (now().getTime() - since.getTime() > downloadHours * hour)
    throw new PermanentError('stuck', `no cloud has all templates after ${String(downloadHours)} h`)
  return {
    for: null,
    until: new Date(now().getTime() + lookSeconds * 1000),
    reason: 'the clouds to fetch the images',
    state: null,
  }
}
