import type { ArtifactStore } from '#artifacts/store.ts'
import { cadenceReached } from '#events/cadence.ts'
import { cloudAudited } from '#events/cloud-audited.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed } from '#events/drop-failed.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imagePublished } from '#events/image-published.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { imageKey } from '#events/vocabulary.ts'
import { auditKeyOf, noAudit, type AuditPolicy } from '#publishing/audit-policy.ts'
import { auditAtCadence, type ScheduledAudit } from '#publishing/scheduled-audit.ts'
import { defineService } from '#service/define.ts'
import type { Cloud } from './cloud.ts'
import { publishBlessed } from './jobs/publish-blessed.ts'
import { uploadTested } from './jobs/upload-tested.ts'
import { target } from './step.ts'
import { withdrawEnded, type Retention } from './jobs/withdraw-ended.ts'

export interface Dependencies {
  readonly artifacts: ArtifactStore
  readonly cloud: Cloud
  /** How long images stay that were superseded; without it they go at once. */
  readonly retention?: Retention
  /** How often it is looked whether what was published is still public, in hours; without it never. */
  readonly watchHours?: number
  /** Private images are started before it is said that they are there. */
  readonly trials?: boolean
  /** Disks are put into a bucket, which AWS makes snapshots of. */
  readonly imports?: boolean
  /** How EC2 is compared with the ledger by itself; without it never. */
  readonly audit?: AuditPolicy
  /** The images of a Final are protected against being deregistered. */
  readonly protectFinal?: boolean
}

const noDays: Retention = { keepDays: 0, hiddenDays: 0, launchedDays: 0 }

/**
 * Puts images that passed their boot test into EC2: private at first, public with the blessing, gone when withdrawn. Now and then
 * it looks whether all is there as it said.
 */
export const ec2Publisher = defineService({
  name: 'ec2-publisher',
  consumes: [imageTested, dropBlessed, dropSuperseded, dropExpired, cadenceReached],
  emits: [imageUploaded, imagePublished, cloudAudited, imageFailed, dropFailed],
  asides: [cadenceReached],
  concerns: ({ subject, body }) =>
    subject !== 'image.tested.v1' || (body.verdict === 'passed' && body.image.targets.includes(target)),
  keyOf: auditKeyOf,
  async handle(event, dependencies: Dependencies, context) {
    switch (event.subject) {
      case 'image.tested.v1':
        return await uploadTested(event.body, dependencies, context)
      case 'drop.blessed.v1':
        return await publishBlessed(event.body, dependencies, context)
      case 'drop.superseded.v1':
      case 'drop.expired.v1': {
        const { cloud, retention = noDays } = dependencies
        return await withdrawEnded(event.body, { cloud, retention }, context)
      }
      case 'cadence.reached.v1': {
        const { cloud, audit = noAudit } = dependencies
        const look: ScheduledAudit['look'] = (drops, repair) => cloud.audit(drops, context, { repair })
        return await auditAtCadence(event.body, { target, ...audit, look }, context)
      }
    }
  },
  async abandon(event, { cloud, trials = false, imports = false }, context) {
    if (event.subject !== 'image.tested.v1' || (!trials && !imports)) return
    await cloud.abandon(event.body.drop, imageKey(event.body.image), context)
  },
})
