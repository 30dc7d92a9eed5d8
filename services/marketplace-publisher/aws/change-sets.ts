import type { Change, ChangeSetSummaryListItem, Intent } from '@aws-sdk/client-marketplace-catalog'
import { codeOf } from '#publishing/sdk-errors.ts'
import { messageOf } from '#service/errors.ts'
import { requestToken } from './names.ts'
import { catalogName, type Catalog } from './catalog.ts'

/** A change set of ours, as it is listed. */
export interface ChangeSet {
  readonly id: string
  readonly status: 'open' | 'succeeded' | 'failed'
  /** It has come so far that it cannot be cancelled. */
  readonly isApplying: boolean
  /** It failed by trouble of AWS's own. */
  readonly isFault: boolean
}

/** Lists the change sets of a product that have a name, the newest first. AWS knows those of the last 60 days. */
export async function findChangeSets({ api }: Catalog, product: string, name: string): Promise<ChangeSet[]> {
  const found: ChangeSetSummaryListItem[] = []
  let next: string | undefined
  do {
    const { ChangeSetSummaryList: page = [], NextToken: token } = await api.listChangeSets({
      Catalog: catalogName,
      FilterList: [
        { Name: 'EntityId', ValueList: [product] },
        { Name: 'ChangeSetName', ValueList: [name] },
      ],
      Sort: { SortBy: 'StartTime', SortOrder: 'DESCENDING' },
      MaxResults: 20,
      ...(next === undefined ? {} : { NextToken: next }),
    })
    found.push(...page)
    next = token
  } while (next !== undefined)
  return found.map(({ ChangeSetId: id = '', Status: status, FailureCode: code }) => ({
    id,
    status: status === 'SUCCEEDED' ? 'succeeded' : status === 'FAILED' || status === 'CANCELLED' ? 'failed' : 'open',
    isApplying: status === 'APPLYING',
    isFault: code === 'SERVER_FAULT',
  }))
}

interface NewChangeSet {
  readonly name: string
  readonly intent: Intent
  readonly change: Change
  /** How many of this name there are already. */
  readonly earlier: number
}

/** Starts a change set, or finds the one that another has started meanwhile. Or tells what the product is locked by. */
export async function startChangeSet(
  { api }: Catalog,
  { name, intent, change, earlier }: NewChangeSet,
): Promise<{ readonly id: string } | { readonly behind: string }> {
  try {
    const { ChangeSetId: id = '' } = await api.startChangeSet({
      Catalog: catalogName,
      ChangeSet: [change],
      ChangeSetName: name,
      ClientRequestToken: requestToken(name, change, earlier),
      Intent: intent,
    })
    return { id }
  } catch (error) {
    if (!isInUse(error)) throw error
    return { behind: messageOf(error) }
  }
}

/** Cancels a change set; one that can no longer be cancelled goes on. */
export async function cancelChangeSet({ api }: Catalog, id: string): Promise<void> {
  try {
    await api.cancelChangeSet({ Catalog: catalogName, ChangeSetId: id })
  } catch (error) {
    if (!isInUse(error)) throw error
  }
}

/** Why a change set failed: AWS's codes and words, one after the other. */
export async function findingsOf({ api }: Catalog, id: string): Promise<string> {
  const {
    Status: status = '',
    FailureDescription: description,
    ChangeSet: changes = [],
  } = await api.describeChangeSet({ Catalog: catalogName, ChangeSetId: id })
  const errors = changes.flatMap(({ ErrorDetailList: list = [] }) =>
    list.map(({ ErrorCode: code = '', ErrorMessage: message = '' }) => `${code}: ${message}`),
  )
  const said = errors.length > 0 ? errors.join('; ') : (description ?? 'AWS gives no reason')
  return `change set ${id} ${status.toLowerCase()}: ${said}`
}

function isInUse(error: unknown): boolean {
  return codeOf(error) === 'ResourceInUseException'
}
