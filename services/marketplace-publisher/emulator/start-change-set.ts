import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { ApiError, inUse, invalid, notFound } from './api-error.ts'
import { changeSetsOf, stateOf } from './change-set-state.ts'
import { errorsOf } from './check-change.ts'
import type { ChangeRecord, ChangeSetRecord } from './records.ts'
import type { Product, World } from './world.ts'

const change = z.object({
  ChangeType: z.string(),
  Entity: z.object({ Type: z.string(), Identifier: z.string().optional() }),
  Details: z.string().optional(),
  DetailsDocument: z.unknown().optional(),
})
/** "API_StartChangeSet": fields, lengths and patterns. */
const request = z.object({
  Catalog: z.string(),
  ChangeSet: z.array(change).min(1).max(20),
  ChangeSetName: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[\w\s+=.:@-]+$/)
    .optional(),
  ClientRequestToken: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[\w-]+$/)
    .optional(),
  Intent: z.enum(['VALIDATE', 'APPLY']).default('APPLY'),
})

const changeTypes = new Set(['AddDeliveryOptions', 'RestrictDeliveryOptions'])

/** Starts a change set, or gives the one that the same token has started. */
export async function startChangeSet(world: World, owner: string, body: unknown): Promise<ChangeSetRecord> {
  const parsed = request.safeParse(body)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const { ChangeSet: asked, ClientRequestToken: token = null, Intent: intent, ChangeSetName: name } = parsed.data
  const digest = createHash('sha256').update(JSON.stringify(parsed.data)).digest('hex')
  const earlier = token === null ? undefined : changeSetsOf(world, owner).find((set) => set.token === token)
  if (earlier?.digest === digest) return earlier
  if (earlier) throw invalid(`ClientRequestToken ${String(token)} was used for another request.`)
  // "Intent … is currently available for adding versions to single-AMI products."
  if (intent === 'VALIDATE' && asked.some(({ ChangeType: type }) => type !== 'AddDeliveryOptions'))
    throw invalid('Intent VALIDATE is only supported for AddDeliveryOptions.')
  const checked = asked.map((one) => readChange(world, one))
  assertNotTwice(checked.map(({ record }) => record))
  assertUnlocked(world, owner, checked)
  const set: ChangeSetRecord = {
    id: idOfChangeSet(),
    owner,
    name: name ?? `Submitted by ${owner}`,
    token,
    digest,
    intent,
    changes: checked.map(({ record }) => record),
    startedAt: world.now().getTime(),
    cancelledAt: null,
    errors: checked.flatMap(({ record, product }) => errorsOf(world, owner, record, product)),
    isFault: false,
  }
  const kept = { ...set, isFault: world.failsByItself(set) }
  await world.changeSets.save(kept)
  return kept
}

function readChange(world: World, asked: z.infer<typeof change>): { record: ChangeRecord; product: Product } {
  const { ChangeType: type, Entity: entity, Details: text, DetailsDocument: document } = asked
  if (entity.Type !== 'AmiProduct@1.0')
    throw new ApiError(415, 'ResourceNotSupportedException', `Entity type ${entity.Type} is not supported here.`)
  if (!changeTypes.has(type)) throw invalid(`Change type ${type} is not supported for ${entity.Type}.`)
  if ((text === undefined) === (document === undefined)) throw invalid('Provide either Details or DetailsDocument.')
  const id = /^[^@]+/.exec(entity.Identifier ?? '')?.[0] ?? ''
  const product = world.productOf(id)
  if (product === null) throw notFound(`Entity ${id}`)
  return {
    record: { type, entity: id, details: text === undefined ? document : parse(text), asText: document === undefined },
    product,
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('Details is not a JSON string.')
  }
}

/** "You can't start the same change type against the same entity multiple times." */
function assertNotTwice(changes: readonly ChangeRecord[]): void {
  const keys = changes.map(({ type, entity }) => `${type} of ${entity}`)
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  if (twice !== undefined) throw invalid(`The change set has ${twice} more than once.`)
}

/** "When a ChangeSet is running, all the entities targeted by the different changes are locked." */
function assertUnlocked(world: World, owner: string, asked: readonly { readonly product: Product }[]): void {
  const open = changeSetsOf(world, owner).filter((set) => stateOf(set, world).endedAt === null)
  const locked = open.filter(({ changes }) =>
    changes.some(({ entity }) => asked.some(({ product }) => product.id === entity)),
  )
  if (locked.length > 0)
    throw inUse(`Requested change set has entities locked by change sets: ${locked.map(({ id }) => id).join(', ')}.`)
  if (open.length >= world.openChangeSets)
    throw new ApiError(402, 'ServiceQuotaExceededException', 'The maximum number of open requests has been exceeded.')
}

/** 25 letters and digits, as AWS's ids have them. */
function idOfChangeSet(): string {
  return randomBytes(32).toString('base64url').replaceAll(/[-_]/g, '').toLowerCase().padEnd(25, '0').slice(0, 25)
}
