import type { Change } from '@aws-sdk/client-marketplace-catalog'
import { emulatorAccount } from '#publishing/emulator-account.ts'
import type { Inventory, OpenPlace, PlaceDeclaration, Publisher, Step } from '#publishing/testing/contract-place.ts'
import { followWaits } from '#publishing/testing/follow-waits.ts'
import { PermanentError } from '#service/errors.ts'
import type { Registration } from '#events/vocabulary.ts'
import type { Account } from '../emulator/signature.ts'
import { orderVersion } from '../list/order-version.ts'
import { products, setUp, type Bench } from './bench.ts'
import { expired, handle, image, published, superseded } from './events.ts'
import { asSeller } from './look.ts'

const catalog = { Catalog: 'AWSMarketplace' }
/** Another key of the same seller, which nobody takes away. */
const person = { ...emulatorAccount, accessKeyId: 'AKIAPERSONEXAMPLE000', secretAccessKey: 'looks after the account' }
const strangers = 'ami-0fedcba9876543210'
/** As long as the bench's catalog takes to prepare a change, or to apply it. */
const hour = 3_600_000

/** The emulated catalog with one product. It has a clock of its own, by which an hour goes by at each wait. */
export const contractPlace: PlaceDeclaration = {
  start: () => Promise.resolve({ atOnce: 6, stride: 3, open, async [Symbol.asyncDispose]() {} }),
  exceptions: {
    'all or none': 'each product is listed by itself, and the drop waits for none of them',
    'made anew': 'AWS gives the title of a restricted version to no other one',
    audited: 'no audit compares listings with the ledger',
  },
}

/** There is no step before `publish`: what is only validated leaves nothing. */
async function open(): Promise<OpenPlace> {
  let ahead = 0
  const own: { -readonly [Key in keyof Account]: Account[Key] } = { ...emulatorAccount }
  const accounts: Account[] = [own, person]
  const bench = await setUp({ accounts, hostNow: () => new Date(Date.now() - ahead) })
  return {
    steps: ['publish'],
    endings: ['supersede', 'expire'],
    isChange: ({ path }) => /^\/(Start|Cancel)ChangeSet/.test(path),
    async publisher(via, { clockAhead = 0, impatient = false } = {}) {
      ahead = clockAhead
      const cloud = bench.connect(await via(bench.emulator.url), {
        IMAGEDROP_MARKETPLACE_PUBLISHER_PATIENCE_SECONDS: '1.5',
        ...(impatient ? { IMAGEDROP_MARKETPLACE_PUBLISHER_SILENCE_SECONDS: '1' } : {}),
      })
      return publisherOf({ clock: bench.clock, dependencies: { ...bench.dependencies, cloud } })
    },
    inventory: () => inventoryOf(bench),
    async occupy() {
      const [registration] = image().registrations
      const one = image('x86_64', { registrations: registration ? [{ ...registration, id: strangers }] : [] })
      const order = orderVersion(
        { ...published().body, one },
        { listings: bench.dependencies.listings(), emulated: true },
      )
      if ('reason' in order) throw new Error(order.reason)
      await change(bench, 'AddDeliveryOptions', order.details)
    },
    async removeOurs() {
      const { ours } = await inventoryOf(bench)
      if (ours.length > 0)
        await change(bench, 'RestrictDeliveryOptions', { DeliveryOptionIds: ours.map(({ id }) => id) })
    },
    refusals: {
      'its permissions are withdrawn': () => {
        own.denied = ['StartChangeSet', 'CancelChangeSet']
        return Promise.resolve(() => Promise.resolve(void (own.denied = [])))
      },
      'its key has expired': () => {
        accounts.shift()
        return Promise.resolve(() => Promise.resolve(void accounts.unshift(own)))
      },
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  }
}

/** Gives what was said last; a listing that failed is told, not thrown. */
function publisherOf(bench: Pick<Bench, 'clock' | 'dependencies'>): Publisher {
  return async (step, registrations, signal) => {
    const event = eventOf(step, registrations)
    const said = await followWaits(({ waited }) => {
      if (waited) bench.clock.now += hour
      return handle(bench, event, { signal, ...(waited ? { waited } : {}) })
    })
    const last = said.at(-1)
    if (last?.subject === 'image.failed.v1') {
      const { class: failureClass, reason } = last.body.failure
      throw new PermanentError(failureClass, reason)
    }
    return last !== undefined && 'registrations' in last.body ? last.body.registrations : []
  }
}

function eventOf(step: Step, registrations: readonly Registration[]) {
  if (step === 'publish') return published()
  const images = [image('x86_64', { registrations: [...image().registrations, ...registrations] })]
  return (step === 'expire' ? expired : superseded)({ images })
}

/** What buyers see; and changes of ours that are not at their end, but for validations, which change nothing. */
async function inventoryOf(bench: Bench): Promise<Inventory> {
  const seen = await offered(bench)
  const ami = image().registrations[0]?.id
  const isOurs = ({ Sources: [source] }: Version) => source?.Image === ami
  const { ChangeSetSummaryList: sets = [] } = await asSeller(bench, (api) => api.listChangeSets(catalog), person)
  const underway = sets.filter(({ ChangeSetName: name = '', Status: status = '' }) => {
    return !name.startsWith('imagedrop validate') && /^(PREPARING|APPLYING)$/.test(status)
  })
  return {
    ours: seen
      .filter(isOurs)
      .flatMap(({ DeliveryOptions: options }) =>
        options
          .filter(({ Visibility: visibility }) => visibility !== 'Restricted')
          .map(({ Id: id, Visibility: visibility }) => ({ id, isPublic: visibility === 'Public', isWhole: true })),
      ),
    leftovers: underway.flatMap(({ ChangeSetId: id }) => id ?? []),
    others: seen.filter((one) => !isOurs(one)),
  }
}

interface Version {
  readonly VersionTitle: string
  readonly Sources: readonly { readonly Image: string }[]
  readonly DeliveryOptions: readonly { readonly Id: string; readonly Visibility: string }[]
}

async function offered(bench: Bench): Promise<readonly Version[]> {
  const entity = { ...catalog, EntityId: products.x86_64 }
  const { DetailsDocument: document } = await asSeller(bench, (api) => api.describeEntity(entity), person)
  return (document as unknown as { readonly Versions: readonly Version[] }).Versions
}

/** Changes the product by hand, and waits for the end of that; what is under way comes to its end before. */
async function change(bench: Bench, type: string, details: object): Promise<void> {
  bench.clock.now += 2 * hour
  const document = JSON.parse(JSON.stringify(details)) as NonNullable<Change['DetailsDocument']>
  await asSeller(
    bench,
    (api) =>
      api.startChangeSet({
        ...catalog,
        ChangeSet: [
          {
            ChangeType: type,
            Entity: { Type: 'AmiProduct@1.0', Identifier: products.x86_64 },
            DetailsDocument: document,
          },
        ],
      }),
    person,
  )
  bench.clock.now += 2 * hour
}
