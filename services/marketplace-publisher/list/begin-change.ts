import type { Change } from '@aws-sdk/client-marketplace-catalog'
import type { Catalog } from '../aws/catalog.ts'
import { startChangeSet } from '../aws/change-sets.ts'
import { changeSetName } from '../aws/names.ts'
import type { Standing, VersionOrder } from '../cloud.ts'

interface Beginning {
  readonly purpose: 'validate' | 'add'
  /** Change sets that there are of this purpose. */
  readonly earlier: number
}

/** Begins to validate a version, or to add it, and tells how it stands then. */
export async function beginChange(
  catalog: Catalog,
  order: VersionOrder,
  { purpose, earlier }: Beginning,
): Promise<Standing> {
  const isTrial = purpose === 'validate'
  const change: Change = {
    ChangeType: 'AddDeliveryOptions',
    Entity: { Type: 'AmiProduct@1.0', Identifier: order.product },
    // Any JSON is a document; the SDK has a type of its own for that.
    DetailsDocument: JSON.parse(JSON.stringify(order.details)) as NonNullable<Change['DetailsDocument']>,
  }
  const started = await startChangeSet(catalog, {
    name: changeSetName(purpose, order),
    intent: isTrial ? 'VALIDATE' : 'APPLY',
    change,
    earlier,
  })
  if ('behind' in started) return { state: 'queued', ...started }
  return { state: isTrial ? 'validating' : 'in review', changeSet: started.id }
}
