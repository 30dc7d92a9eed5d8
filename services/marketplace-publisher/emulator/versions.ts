import { createHash } from 'node:crypto'
import { z } from 'zod'
import { stateOf } from './change-set-state.ts'
import type { World, Product } from './world.ts'

export const addDetails = z.object({
  Version: z.object({ VersionTitle: z.string(), ReleaseNotes: z.string() }),
  DeliveryOptions: z
    .array(
      z.object({
        Details: z.object({
          AmiDeliveryOptionDetails: z.looseObject({
            AmiSource: z.looseObject({ AmiId: z.string(), AccessRoleArn: z.string(), UserName: z.string() }),
            UsageInstructions: z.string(),
            RecommendedInstanceType: z.string(),
            SecurityGroups: z.array(z.unknown()).min(1).max(25),
          }),
        }),
      }),
    )
    .min(1),
})
export const restrictDetails = z.object({ DeliveryOptionIds: z.array(z.string().max(36)).min(1).max(50) })

/** A version of a product as it is now. */
export interface VersionState {
  readonly id: string
  readonly title: string
  readonly image: string
  readonly option: string
  readonly isRestricted: boolean
}

/** The versions of a product: those from before, and what change sets that have succeeded have made of it. */
export function versionsOf(world: World, owner: string, product: Product): VersionState[] {
  const applied = world.changeSets
    .all()
    .filter((set) => set.owner === owner && set.intent === 'APPLY' && stateOf(set, world).status === 'SUCCEEDED')
    .flatMap(({ changes }) => changes.filter(({ entity }) => entity === product.id))
  const restricted = new Set(
    applied.flatMap(({ type, details }) =>
      type === 'RestrictDeliveryOptions' ? restrictDetails.parse(details).DeliveryOptionIds : [],
    ),
  )
  const added = applied.flatMap(({ type, details }) => {
    if (type !== 'AddDeliveryOptions') return []
    const { Version: version, DeliveryOptions: options } = addDetails.parse(details)
    return options.map((one) => ({
      title: version.VersionTitle,
      image: one.Details.AmiDeliveryOptionDetails.AmiSource.AmiId,
    }))
  })
  return [...(product.versions ?? []), ...added].map(({ title, image }) => {
    const option = `do-${idOf(product.id, title)}`
    return { id: `ver-${idOf(title, product.id)}`, title, image, option, isRestricted: restricted.has(option) }
  })
}

function idOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 13)
}
