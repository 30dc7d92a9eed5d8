import { findChangeSets, findingsOf, type ChangeSet } from '../aws/change-sets.ts'
import type { Catalog } from '../aws/catalog.ts'
import { findVersions, type OfferedVersion } from '../aws/find-versions.ts'
import type { Listed, Past, Standing, VersionOrder } from '../cloud.ts'
import { changeSetName } from '../aws/names.ts'
import { beginChange } from './begin-change.ts'

/** So often AWS may fail by itself before a person is asked. */
const mostFaults = 5

/** Takes a version one step on, as `Cloud.list` promises. What is there already decides what is next. */
export async function listVersion(
  catalog: Catalog,
  order: VersionOrder,
  { apply, past }: { readonly apply: boolean; readonly past: Past | null },
): Promise<Listed> {
  const added = await findChangeSets(catalog, order.product, changeSetName('add', order))
  const validated = await findChangeSets(catalog, order.product, changeSetName('validate', order))
  // Looked at last: somebody may restrict a version at any time, and what buyers see is what is said.
  const versions = await findVersions(catalog, order.product)
  if (versions === null) {
    const reason = `the seller’s account has no product ${order.product}`
    return { standing: { state: 'refused', class: 'environment', reason }, past: past ?? [] }
  }
  const known = past ?? [...added, ...validated].filter(({ status }) => status === 'failed').map(({ id }) => id)
  const offered = versions.find(({ title }) => title === order.title)
  const standing = offered
    ? standingOfOffered(offered, order, added)
    : ((await standingOfAdded(catalog, added, known)) ??
      (await standingOfValidated(catalog, order, { validated, known, apply, earlier: added.length })))
  return { standing, past: known }
}

/** A version is ours when it is of our image, or a change set of ours has made it: AWS may tell its own copy's id. */
function standingOfOffered(
  offered: OfferedVersion,
  { title, product, ami }: VersionOrder,
  added: readonly ChangeSet[],
): Standing {
  // It has come to its end since it was listed, or it will fail by the title that another has.
  const running = added.find(({ status }) => status === 'open')
  if (running) return { state: 'in review', changeSet: running.id }
  const changeSet = added.find(({ status }) => status === 'succeeded')?.id ?? null
  if (changeSet === null && !offered.images.includes(ami))
    return refused(`${product} has another version with the title ${title}; change the title in the listings`)
  const option = offered.options.find(({ isRestricted }) => !isRestricted)
  if (!option) return refused(`${title} of ${product} is restricted: somebody has withdrawn it`)
  return { state: 'live', changeSet, deliveryOption: option.id }
}

/** Null when nothing was added in this try, or AWS failed by itself, so that it is to be added again. */
async function standingOfAdded(catalog: Catalog, added: readonly ChangeSet[], known: Past): Promise<Standing | null> {
  // The product shows a version some time after its change set has succeeded.
  const running = added.find(({ status }) => status !== 'failed')
  if (running) return { state: 'in review', changeSet: running.id }
  const failed = added.find(({ id }) => !known.includes(id))
  return failed ? await standingOfFailed(catalog, failed, added) : null
}

interface Validations {
  readonly validated: readonly ChangeSet[]
  readonly known: Past
  readonly apply: boolean
  /** Change sets that were to add it. */
  readonly earlier: number
}

async function standingOfValidated(
  catalog: Catalog,
  order: VersionOrder,
  { validated, known, apply, earlier }: Validations,
): Promise<Standing> {
  const done = validated.find(({ status }) => status !== 'failed')
  if (done?.status === 'open') return { state: 'validating', changeSet: done.id }
  if (done && !apply) return { state: 'validated', changeSet: done.id }
  if (done) return await beginChange(catalog, order, { purpose: 'add', earlier })
  const failed = validated.find(({ id }) => !known.includes(id))
  const verdict = failed ? await standingOfFailed(catalog, failed, validated) : null
  return verdict ?? (await beginChange(catalog, order, { purpose: 'validate', earlier: validated.length }))
}

/** "There is a problem in the system, and you should retry your request", AWS says of its own faults (DescribeChangeSet). */
async function standingOfFailed(
  catalog: Catalog,
  failed: ChangeSet,
  all: readonly ChangeSet[],
): Promise<Standing | null> {
  if (failed.isFault && all.filter(({ isFault }) => isFault).length < mostFaults) return null
  return refused(await findingsOf(catalog, failed.id))
}

function refused(reason: string): Standing {
  return { state: 'refused', class: 'refused', reason }
}
