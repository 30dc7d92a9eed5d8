import type { Progress } from '#bus/bus.ts'
import type { Registration } from '#events/vocabulary.ts'
import { all } from '#publishing/all.ts'
import { auditPlaces } from '#publishing/audit-places.ts'
import type { Pace } from '#publishing/wait.ts'
import type { AuditReport, ClaimedDrop } from '#service/audit.ts'
import type { Template } from './api/schemas.ts'
import { auditPlace } from './audit/audit-place.ts'
import type { CloudstackSettings } from './config.ts'
import type { OpenPlaces, Place } from './places.ts'
import { openTemplate } from './publish/open-template.ts'
import { ensureTemplate } from './register/ensure-template.ts'
import type { Order } from './register/order.ts'
import { target } from './step.ts'
import { hideDrop, removeDrop } from './withdraw/withdraw-drop.ts'

/** What a job hands to the clouds' operations. */
export interface CloudContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
}

/**
 * What we ask of all clouds together. Each operation may be cut off at any instruction and asked again, also while
 * another process is at it. Throws TransientError, PermanentError. A cloud that fails holds up no other: its error is
 * thrown when all have ended.
 */
export interface Clouds {
  /**
   * Has every zone fetch every template, and opens them once all are there; then gives the registrations of each order.
   * Null: some are still on their way.
   */
  publish(orders: readonly Order[], context: CloudContext): Promise<readonly (readonly Registration[])[] | null>
  /** Makes private what was open. Whether something is there still. */
  hide(drop: string, context: CloudContext): Promise<boolean>
  remove(drop: string, context: CloudContext): Promise<void>
  /** Compares every zone with what drops claim, and mends what is ours to mend if told. */
  audit(drops: readonly ClaimedDrop[], context: CloudContext, how: { readonly repair: boolean }): Promise<AuditReport>
}

interface Fetched {
  readonly order: Order
  readonly place: Place
  readonly template: Template
}

export function createClouds(openPlaces: OpenPlaces, settings: CloudstackSettings): Clouds {
  const paceOf = ({ signal }: CloudContext): Pace => ({
    every: settings.pollSeconds * 1000,
    patience: settings.patienceSeconds * 1000,
    signal,
  })
  return {
    async publish(orders, context) {
      const pace = paceOf(context)
      const byPlace = await all(openPlaces(), async ({ open }) => {
        const place = await open(context.signal)
        return await all(orders, async (order) => {
          return { order, place, template: await ensureTemplate(place, order, { ...settings, pace }) }
        })
      })
      const fetched = byPlace.flat()
      tell(fetched, context)
      if (fetched.some(({ template }) => !template.isready)) return null
      await all(fetched, ({ place, template }) => openTemplate(place, template, pace))
      return orders.map((order) => fetched.filter((one) => one.order === order).map(registrationOf))
    },
    async hide(drop, context) {
      const hidden = await all(openPlaces(), async ({ open }) =>
        hideDrop(await open(context.signal), drop, paceOf(context)),
      )
      return hidden.includes(true)
    },
    async remove(drop, context) {
      await all(openPlaces(), async ({ open }) => {
        await removeDrop(await open(context.signal), drop, paceOf(context))
      })
    },
    async audit(drops, context, { repair }) {
      const { signal } = context
      // Where no zone is named any more, what still lies in one is what there is to tell.
      const places = settings.clouds.length === 0 ? [] : openPlaces()
      const looks = places.map(({ place, open }) => ({
        place,
        look: async () => auditPlace(await open(signal), drops, { repair, pace: paceOf(context) }),
      }))
      return await auditPlaces(looks, { drops, setting: 'IMAGEDROP_CLOUDSTACK_PUBLISHER_CLOUDS', signal })
    },
  }
}

/** How much the clouds have fetched, by what they say. */
function tell(fetched: readonly Fetched[], { progress }: CloudContext): void {
  const done = fetched.reduce((sum, { template }) => sum + percentOf(template), 0)
  progress({ phase: 'the clouds fetch', done, total: fetched.length * 100, unit: 'percent' })
}

function percentOf({ isready, status }: Template): number {
  return isready ? 100 : Number(/^(\d+)% Downloaded/.exec(status)?.[1] ?? 0)
}

function registrationOf({ place, template, order }: Fetched): Registration {
  const { id, name } = template
  return { target, emulated: false, place: place.client.place, id, name, details: { sha256: order.file.sha256 } }
}
