import type { Catalog } from '../aws/catalog.ts'
import { cancelChangeSet, findChangeSets, findingsOf, startChangeSet, type ChangeSet } from '../aws/change-sets.ts'
import { findVersions } from '../aws/find-versions.ts'
import type { Past, VersionName, Withdrawn } from '../cloud.ts'
import { changeSetName } from '../aws/names.ts'
import { PermanentError } from '#service/errors.ts'

/** Takes a version one step back, as `Cloud.withdraw` promises; of what is offered, only what is ours. */
export async function withdrawVersion(catalog: Catalog, version: VersionName, past: Past | null): Promise<Withdrawn> {
  const { product, ami, title } = version
  const name = changeSetName('restrict', version)
  const versions = await findVersions(catalog, product)
  if (versions === null) return { waitsFor: null, past: past ?? [] }
  const added = await findChangeSets(catalog, product, changeSetName('add', version))
  const restricted = await findChangeSets(catalog, product, name)
  const known = past ?? restricted.filter(({ status }) => status === 'failed').map(({ id }) => id)
  const waitsFor = (text: string | null): Withdrawn => ({ waitsFor: text, past: known })

  const open = [...added, ...restricted].find(({ status }) => status === 'open')
  if (open) {
    if (added.includes(open) && !open.isApplying) await cancelChangeSet(catalog, open.id)
    return waitsFor(`the end of change set ${open.id}`)
  }
  const isMade = added.some(({ status }) => status === 'succeeded')
  const offered = versions.find((one) => one.title === title)
  if (!offered) return waitsFor(isMade ? `${title} to be seen in ${product}` : null)
  if (!isMade && !offered.images.includes(ami)) return waitsFor(null)
  const options = offered.options.filter(({ isRestricted }) => !isRestricted).map(({ id }) => id)
  if (options.length === 0) return waitsFor(null)

  await assertNotRefused(catalog, version, restricted, known)
  const started = await startChangeSet(catalog, {
    name,
    intent: 'APPLY',
    change: {
      ChangeType: 'RestrictDeliveryOptions',
      Entity: { Type: 'AmiProduct@1.0', Identifier: product },
      DetailsDocument: { DeliveryOptionIds: options },
    },
    earlier: restricted.length,
  })
  return waitsFor('id' in started ? `the end of change set ${started.id}` : started.behind)
}

/** What AWS refused in this try it refuses again; what failed by itself can be asked for again. */
async function assertNotRefused(
  catalog: Catalog,
  { title, product }: VersionName,
  restricted: readonly ChangeSet[],
  known: Past,
): Promise<void> {
  const failed = restricted.find(({ id, status, isFault }) => status === 'failed' && !isFault && !known.includes(id))
  if (!failed) return
  throw new PermanentError('refused', `restricting ${title} of ${product}: ${await findingsOf(catalog, failed.id)}`)
}
