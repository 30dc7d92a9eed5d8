import { invalid } from './api-error.ts'
import { changeSetsOf, stateOf } from './change-set-state.ts'
import type { ChangeRecord, ChangeSetRecord } from './records.ts'
import { versionsOf } from './versions.ts'
import type { Product, World } from './world.ts'

/** `DescribeChangeSet` */
export function describeChangeSet(world: World, set: ChangeSetRecord): object {
  return {
    ...summaryOf(world, set),
    Intent: set.intent,
    ...(set.errors.length > 0 && stateOf(set, world).status === 'FAILED'
      ? { FailureDescription: "Change set preparation has failed. For details see 'ErrorDetailList'." }
      : {}),
    ChangeSet: set.changes.map((change) => describeChange(world, set, change)),
  }
}

function describeChange(world: World, set: ChangeSetRecord, { type, entity, details }: ChangeRecord): object {
  const errors = stateOf(set, world).status === 'FAILED' ? set.errors : []
  return {
    ChangeType: type,
    Entity: { Type: 'AmiProduct@1.0', Identifier: `${entity}@1` },
    Details: JSON.stringify(details),
    DetailsDocument: details,
    ErrorDetailList: errors.map(({ code, message }) => ({ ErrorCode: code, ErrorMessage: message })),
  }
}

const filters: Readonly<Record<string, (set: ChangeSetRecord, value: string, world: World) => boolean>> = {
  ChangeSetName: (set, value) => set.name === value,
  Status: (set, value, world) => stateOf(set, world).status === value,
  EntityId: ({ changes }, value) => changes.some(({ entity }) => entity === value),
}

interface ListRequest {
  readonly FilterList?: readonly { readonly Name: string; readonly ValueList: readonly string[] }[]
  readonly Sort?: { readonly SortBy?: string; readonly SortOrder?: string }
  readonly MaxResults?: number
  readonly NextToken?: string
}

/** `ListChangeSets`: "If you provide more than one filter, the API operation applies a logical AND between the filters." */
export function listChangeSets(
  world: World,
  owner: string,
  { FilterList: wanted = [], Sort: sort, MaxResults: most = 20, NextToken: next = '0' }: ListRequest,
): object {
  const fits = (set: ChangeSetRecord) =>
    wanted.every(({ Name: name, ValueList: values }) => {
      const filter = filters[name]
      if (!filter) throw invalid(`There is no filter ${name}.`)
      return values.some((value) => filter(set, value, world))
    })
  if (most < 1 || most > 20) throw invalid('MaxResults must be from 1 to 20.')
  const found = changeSetsOf(world, owner).filter(fits)
  const all = sort?.SortOrder === 'ASCENDING' ? found.toReversed() : found
  const from = Number(next)
  const end = from + most
  return {
    ChangeSetSummaryList: all.slice(from, end).map((set) => ({
      ...summaryOf(world, set),
      EntityIdList: [...new Set(set.changes.map(({ entity }) => entity))],
    })),
    ...(end < all.length ? { NextToken: String(end) } : {}),
  }
}

function summaryOf(world: World, set: ChangeSetRecord) {
  const { status, endedAt } = stateOf(set, world)
  return {
    ...namesOf(set),
    ChangeSetName: set.name,
    StartTime: timeOf(set.startedAt),
    ...(endedAt === null ? {} : { EndTime: timeOf(endedAt) }),
    Status: status,
    ...(status === 'FAILED' ? { FailureCode: set.isFault ? 'SERVER_FAULT' : 'CLIENT_ERROR' } : {}),
  }
}

/** How answers name a change set. */
export function namesOf({ id, owner }: ChangeSetRecord) {
  return {
    ChangeSetId: id,
    ChangeSetArn: `arn:aws:aws-marketplace:us-east-1:${owner}:AWSMarketplace/ChangeSet/${id}`,
  }
}

/** `DescribeEntity` of an AMI product, as far as versions go. */
export function describeProduct(world: World, owner: string, product: Product): object {
  const document = {
    Description: { ProductTitle: product.id, Visibility: product.visibility },
    Compatibility: { AvailableInstanceTypes: product.instanceTypes },
    Versions: versionsOf(world, owner, product).map(({ id, title, image, option, isRestricted }) => ({
      Id: id,
      VersionTitle: title,
      Sources: [{ Id: `src-${id}`, Type: 'AmazonMachineImage', Image: image, Architecture: product.architecture }],
      DeliveryOptions: [
        {
          Id: option,
          Type: 'AmazonMachineImage',
          SourceId: `src-${id}`,
          Visibility: isRestricted ? 'Restricted' : product.visibility,
        },
      ],
    })),
  }
  return {
    EntityType: 'AmiProduct@1.0',
    EntityIdentifier: `${product.id}@1`,
    EntityArn: `arn:aws:aws-marketplace:us-east-1:${owner}:AWSMarketplace/AmiProduct/${product.id}`,
    LastModifiedDate: timeOf(world.now().getTime()),
    Details: JSON.stringify(document),
    DetailsDocument: document,
  }
}

function timeOf(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
}
