import { z } from 'zod'
import { codeOf } from '#publishing/sdk-errors.ts'
import { describeIssues } from '#events/parse.ts'
import { PermanentError } from '#service/errors.ts'
import { catalogName, type Catalog } from './catalog.ts'

const kind = /^AmiProduct@/

/** The details of `AmiProduct@1.0`, as far as we read them. */
const details = z.object({
  Versions: z
    .array(
      z.object({
        VersionTitle: z.string().default(''),
        Sources: z.array(z.object({ Id: z.string().optional(), Image: z.string().optional() })).default([]),
        DeliveryOptions: z
          .array(z.object({ Id: z.string().default(''), Visibility: z.string().default('') }))
          .default([]),
      }),
    )
    .default([]),
})

/** A version as buyers may see it. */
export interface OfferedVersion {
  readonly title: string
  readonly images: readonly string[]
  readonly options: readonly { readonly id: string; readonly isRestricted: boolean }[]
}

/** The versions that a product has; null when there is no such product. Throws PermanentError when it is of another kind. */
export async function findVersions({ api }: Catalog, product: string): Promise<readonly OfferedVersion[] | null> {
  try {
    const { EntityType: type = '', DetailsDocument: document } = await api.describeEntity({
      Catalog: catalogName,
      EntityId: product,
    })
    if (!kind.test(type)) throw new PermanentError('environment', `${product} is no AMI product, but ${type}`)
    const parsed = details.safeParse(document)
    if (!parsed.success)
      throw new PermanentError(
        'refused',
        `${product} is described as nothing known: ${describeIssues(parsed.error, document)}`,
      )
    return parsed.data.Versions.map(({ VersionTitle: title, Sources: sources, DeliveryOptions: options }) => ({
      title,
      images: sources.flatMap(({ Image: image }) => image ?? []),
      options: options.map(({ Id: id, Visibility: visibility }) => ({ id, isRestricted: visibility === 'Restricted' })),
    }))
  } catch (error) {
    if (codeOf(error) === 'ResourceNotFoundException') return null
    throw error
  }
}
