import { inUse, invalid, notFound } from './api-error.ts'
import { changeSetsOf, stateOf } from './change-set-state.ts'
import { describeChangeSet, describeProduct, listChangeSets, namesOf } from './describe.ts'
import type { ChangeSetRecord } from './records.ts'
import { startChangeSet } from './start-change-set.ts'
import type { World } from './world.ts'

/** A request, after its signature was verified. */
export interface Asked {
  readonly method: string
  /** As `StartChangeSet`. */
  readonly operation: string
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

type Operation = (world: World, owner: string, asked: Asked) => object | Promise<object>

/** By method and path, as the API reference gives them. */
const operations: Readonly<Record<string, Operation>> = {
  'POST StartChangeSet': async (world, owner, { body }) => namesOf(await startChangeSet(world, owner, body)),
  'GET DescribeChangeSet': (world, owner, { query }) =>
    describeChangeSet(world, findChangeSet(world, owner, query.get('changeSetId'))),
  'POST ListChangeSets': (world, owner, { body }) => listChangeSets(world, owner, body),
  'PATCH CancelChangeSet': async (world, owner, { query }) =>
    await cancelChangeSet(world, findChangeSet(world, owner, query.get('changeSetId'))),
  'GET DescribeEntity': (world, owner, { query }) => {
    const id = /^[^@]*/.exec(query.get('entityId') ?? '')?.[0] ?? ''
    const product = world.productOf(id)
    if (product === null) throw notFound(`Entity ${id}`)
    return describeProduct(world, owner, product)
  },
}

/** Answers a request. Throws ApiError. */
export async function answer(world: World, owner: string, asked: Asked): Promise<object> {
  const operation = operations[`${asked.method} ${asked.operation}`]
  if (!operation) throw notFound(`Operation ${asked.method} ${asked.operation}`)
  const catalog = asked.query.get('catalog') ?? asked.body['Catalog']
  if (catalog !== 'AWSMarketplace') throw invalid(`There is no catalog ${String(catalog)}.`)
  return await operation(world, owner, asked)
}

function findChangeSet(world: World, owner: string, id: string | null): ChangeSetRecord {
  const set = changeSetsOf(world, owner).find((one) => one.id === id)
  if (!set) throw notFound(`Change set ${String(id)}`)
  return set
}

/** "Must be sent before the status of the request changes to APPLYING" (CancelChangeSet). */
async function cancelChangeSet(world: World, set: ChangeSetRecord): Promise<object> {
  const { status } = stateOf(set, world)
  if (status !== 'PREPARING') throw inUse(`Change set ${set.id} is ${status} and cannot be cancelled.`)
  await world.changeSets.save({ ...set, cancelledAt: world.now().getTime() })
  return namesOf(set)
}
