import { afterEach, beforeEach, expect, it } from 'vitest'
import { products, setUp, type Bench } from './testing/bench.ts'
import { handle, handleToTheEnd, image, published, superseded, wokenFrom } from './testing/events.ts'
import { asSeller, changeSetsOf, versionsOf } from './testing/look.ts'
import { marketplacePublisher } from './service.ts'
import { testContext } from '#test/support/context.ts'

let bench: Bench
beforeEach(async () => {
  bench = await setUp()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

const hour = 3_600_000

/** Takes a listing so many looks far, an hour each: 1 validates, 2 is being prepared. */
async function listedFor(looks: number): Promise<void> {
  let wait = (await handle(bench, published())).wait
  for (let left = looks - 1; left > 0 && wait; left--) {
    bench.clock.now += hour + 1
    wait = (await handle(bench, published(), { waited: wokenFrom(wait, bench) })).wait
  }
}

const restricted = 'Fedora 19 x86_64 20130521.0: Restricted'

it('asks for nothing to be undone where nothing was begun', async () => {
  expect(await handle(bench, superseded())).toEqual({ events: [] })
  expect(await changeSetsOf(bench)).toEqual([])
})

it('leaves a validation to end by itself: it changes nothing', async () => {
  await listedFor(1)
  expect(await handle(bench, superseded())).toEqual({ events: [] })
  expect(await versionsOf(bench)).toEqual([])
})

it('cancels what is being prepared', async () => {
  await listedFor(2)
  expect(await changeSetsOf(bench)).toContain('add PREPARING')
  await handleToTheEnd(bench, superseded())
  expect([await changeSetsOf(bench), await versionsOf(bench)]).toEqual([['add CANCELLED', 'validate SUCCEEDED'], []])
})

it('waits for what is being applied, without holding anything, and restricts it then', async () => {
  await listedFor(2)
  bench.clock.now += hour + 1
  expect(await changeSetsOf(bench)).toContain('add APPLYING')
  expect(await handle(bench, superseded())).toMatchObject({
    events: [],
    wait: { for: null, reason: 'the Marketplace to withdraw versions' },
  })
  await handleToTheEnd(bench, superseded())
  expect(await versionsOf(bench)).toEqual([restricted])
})

it('restricts what is live, once, whoever asks and however often', async () => {
  await handleToTheEnd(bench, published())
  await Promise.all([handleToTheEnd(bench, superseded()), handleToTheEnd(bench, superseded())])
  await handleToTheEnd(bench, superseded())
  expect(await versionsOf(bench)).toEqual([restricted])
  expect((await changeSetsOf(bench)).filter((one) => one.startsWith('restrict'))).toEqual(['restrict SUCCEEDED'])
})

it('finds what was said to be listed though the listings name it no more', async () => {
  const said = await handleToTheEnd(bench, published())
  const registrations = said.flatMap((one) => ('registrations' in one.body ? one.body.registrations : [])).slice(-1)
  await bench.list({ products: [] })
  await handleToTheEnd(bench, superseded({ images: [image('x86_64', { registrations })] }))
  expect(await versionsOf(bench)).toEqual([restricted])
})

it('leaves alone what others have called alike', async () => {
  const title = 'Fedora 19 x86_64 20130521.0'
  const theirs = [{ title, image: 'ami-0ffffffffffffffff' }]
  const product = {
    id: products.x86_64,
    visibility: 'Public' as const,
    architecture: 'x86_64',
    instanceTypes: [],
    versions: theirs,
  }
  await bench.restart({ products: [product] })
  expect(await handle(bench, superseded())).toEqual({ events: [] })
  expect(await versionsOf(bench)).toEqual([`${title}: Public`])
})

it('waits while another change holds the product', async () => {
  await handleToTheEnd(bench, published())
  await asSeller(bench, (catalog) =>
    catalog.startChangeSet({
      Catalog: 'AWSMarketplace',
      ChangeSet: [
        {
          ChangeType: 'RestrictDeliveryOptions',
          Entity: { Type: 'AmiProduct@1.0', Identifier: products.x86_64 },
          DetailsDocument: { DeliveryOptionIds: ['do-of-somebody'] },
        },
      ],
    }),
  )
  const { wait } = await handle(bench, superseded())
  expect(wait).toBeDefined()
  await handleToTheEnd(bench, superseded(), wait)
  expect(await versionsOf(bench)).toEqual([restricted])
})

it('a job that was stopped in the middle cancels what it has begun', async () => {
  await listedFor(2)
  await marketplacePublisher.abandon?.(published(), bench.dependencies, testContext())
  expect(await changeSetsOf(bench)).toEqual(['add CANCELLED', 'validate SUCCEEDED'])
})
