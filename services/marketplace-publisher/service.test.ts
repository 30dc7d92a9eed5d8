import { afterEach, beforeEach, expect, it } from 'vitest'
import { products, row, seller, setUp, type Bench } from './testing/bench.ts'
import { handle, handleToTheEnd, image, published, told, wokenFrom } from './testing/events.ts'
import { changeSetsOf, describeChangeSets } from './testing/look.ts'

let bench: Bench
beforeEach(async () => {
  bench = await setUp()
})
afterEach(async () => {
  await bench[Symbol.asyncDispose]()
})

const title = 'Fedora 19 x86_64 20130521.0'
const started = () => bench.calls.filter((operation) => operation === 'StartChangeSet').length

it('validates, applies, and says when a version is in review and when it is live, holding nothing in between', async () => {
  const first = await handle(bench, published())
  expect(first).toMatchObject({ events: [], wait: { for: null, reason: 'the Marketplace to take the versions' } })
  const said = await handleToTheEnd(bench, published(), first.wait)
  expect(told(said)).toEqual(['in review', 'live'])
  const ami = published().body.images[0]?.registrations[0]?.id
  expect(said.at(-1)).toMatchObject({
    subject: 'image.published.v1',
    body: {
      registrations: [
        { target: 'marketplace', emulated: true, place: products.x86_64, name: title, state: 'live', details: { ami } },
      ],
    },
  })
  const sets = await describeChangeSets(bench)
  expect(sets.map(({ Intent }) => Intent)).toEqual(['APPLY', 'VALIDATE'])
  expect(sets[0]?.ChangeSet?.[0]?.DetailsDocument).toMatchObject({
    Version: { VersionTitle: title },
    DeliveryOptions: [
      { Details: { AmiDeliveryOptionDetails: { AmiSource: { AmiId: ami, UserName: 'fedora', ScanningPort: 22 } } } },
    ],
  })
})

it('lists nothing but what passed in a Final and is to go there', async () => {
  const failed = image('x86_64', { outcome: 'failed' })
  const elsewhere = image('x86_64')
  const plain = { ...elsewhere, image: { ...elsewhere.image, targets: ['mirror', 'ec2'] } }
  for (const change of [{ milestone: 'Beta' as const }, { milestone: null }, { images: [failed, plain] }])
    expect(await handle(bench, published(change))).toEqual({ events: [] })
  expect(bench.calls).toEqual([])
})

it('only validates while the listings do not say apply, and goes on when they do', async () => {
  await bench.list({ apply: false })
  const { wait: validation } = await handle(bench, published())
  if (!validation) throw new Error('it waits for nothing')
  bench.clock.now += 3_600_001
  const { events, wait } = await handle(bench, published(), { waited: wokenFrom(validation, bench) })
  expect(told(events)).toEqual(['validated'])
  expect(wait?.reason).toBe('the listings to say that versions are applied')
  const since = new Date(bench.clock.now)
  bench.clock.now += 40 * 86_400_000
  const waited = { state: wait?.state, since, why: 'time' } as const
  expect(await handle(bench, published(), { waited })).toMatchObject({ events: [], wait: { reason: wait?.reason } })
  await bench.list({ apply: true })
  expect(told(await handleToTheEnd(bench, published(), wait))).toEqual(['in review', 'live'])
})

it('applies nothing that no person has blessed', async () => {
  expect(told(await handleToTheEnd(bench, published({ by: 'policy' })))).toEqual(['validated'])
  expect(await changeSetsOf(bench)).toEqual(['validate SUCCEEDED'])
})

it('says the same twice, and nothing is listed twice', async () => {
  const once = await handleToTheEnd(bench, published())
  const begun = started()
  const again = await handleToTheEnd(bench, published())
  expect(again).toEqual(once.slice(-1))
  expect(started()).toBe(begun)
})

it('two publishers at once begin one change set', async () => {
  const both = await Promise.all([handleToTheEnd(bench, published()), handleToTheEnd(bench, published())])
  expect(both.map((said) => told(said).at(-1))).toEqual(['live', 'live'])
  expect(await changeSetsOf(bench)).toEqual(['add SUCCEEDED', 'validate SUCCEEDED'])
})

it('versions of one product come one after the other, and others hold up none', async () => {
  const big = image()
  const bigger = { ...big, image: { ...big.image, flavour: 'ec2-big' } }
  await bench.list({
    products: [
      {
        ...row,
        flavour: ['ec2', 'ec2-big'],
        product: products.x86_64,
        architecture: 'x86_64',
        instance_type: 't3.micro',
        title: '{compose.version} {image.flavour}',
      },
      { ...row, product: products.aarch64, architecture: 'aarch64', instance_type: 't4g.micro' },
    ],
  })
  const said = await handleToTheEnd(bench, published({ images: [big, bigger, image('aarch64')] }))
  expect(told(said).toSorted()).toEqual(['in review', 'in review', 'in review', 'live', 'live', 'live'])
  expect(told(said).slice(0, 2)).toEqual(['in review', 'in review'])
  expect((await changeSetsOf(bench)).filter((one) => !one.endsWith('SUCCEEDED'))).toEqual([])
})

it('tells what a scan finds in the words of AWS, and goes on with the others; a retry begins anew', async () => {
  const findings = [
    { code: 'SCAN_ERROR', message: 'Default passwords are not allowed: user fedora.' },
    { code: 'SCAN_ERROR', message: 'Root login by ssh is not disabled.' },
  ]
  const imageOf = (ami: string) => ({ architecture: ami.startsWith('ami-a') ? 'aarch64' : 'x86_64', findings: [] })
  await bench.restart({ imageOf: (ami) => ({ ...imageOf(ami), findings: ami.startsWith('ami-a') ? [] : findings }) })
  const both = published({ images: [image(), image('aarch64')] })
  const said = await handleToTheEnd(bench, both)
  const reason =
    /^failed: change set \w+ failed: SCAN_ERROR: Default passwords are not allowed: user fedora\.; SCAN_ERROR: Root login/
  expect(told(said)).toEqual([expect.stringMatching(reason), 'in review', 'live', expect.stringMatching(reason)])
  await bench.restart({ imageOf })
  expect(told(await handleToTheEnd(bench, both))).toEqual(['live', 'in review', 'live'])
})

it('begins again by itself what failed by a fault of AWS, though not for ever', async () => {
  let faults = 2
  await bench.restart({ failsByItself: ({ intent }) => intent === 'APPLY' && faults-- > 0 })
  expect(told(await handleToTheEnd(bench, published())).at(-1)).toBe('live')
  await using other = await setUp({ failsByItself: () => true })
  expect(told(await handleToTheEnd(other, published()))).toEqual([expect.stringMatching(/^failed: change set/)])
  expect(other.calls.filter((operation) => operation === 'StartChangeSet')).toHaveLength(5)
})

it.each([
  ['no AMI where AWS takes it from', { registrations: [] }, 'ec2.x86_64 has no AMI in us-east-1'],
  [
    'an AMI of another cloud than ours',
    { registrations: image().registrations.map((one) => ({ ...one, emulated: false })) },
    'was registered in EC2, but this process speaks to the emulator',
  ],
  [
    'no product',
    { image: { ...image().image, flavour: 'ec2-odd' } },
    'no product of the listings is of ec2-odd.x86_64',
  ],
])('an image with %s fails by itself, and asks for nothing', async (_, change, reason) => {
  const said = await handleToTheEnd(bench, published({ images: [image('x86_64', change)] }))
  expect(told(said)).toEqual([expect.stringContaining(reason)])
  expect(said).toMatchObject([{ body: { failure: { step: 'marketplace-publisher', class: 'environment' } } }])
  expect(bench.calls).toEqual([])
})

it.each([
  ['an AMI that it may not see', { imageOf: () => null }, 'AMI_NOT_ACCESSIBLE'],
  ['a product that is not there', { products: [] }, 'the seller’s account has no product prod-x86'],
])('%s is told', async (_, options, reason) => {
  await bench.restart(options)
  expect(told(await handleToTheEnd(bench, published()))).toEqual([expect.stringContaining(reason)])
})

it('leaves a version alone that has its title and is not its own', async () => {
  const versions = [{ title, image: 'ami-0ffffffffffffffff' }]
  const taken = {
    id: products.x86_64,
    visibility: 'Public' as const,
    architecture: 'x86_64',
    instanceTypes: [],
    versions,
  }
  await bench.restart({ products: [taken] })
  expect(told(await handleToTheEnd(bench, published()))).toEqual([
    `failed: ${products.x86_64} has another version with the title ${title}; change the title in the listings`,
  ])
  expect(started()).toBe(0)
})

it('a title that is too long is told before AWS is asked', async () => {
  await bench.list({
    products: [
      {
        ...row,
        product: 'prod-x86',
        architecture: 'x86_64',
        instance_type: 't3.micro',
        title: '{compose.id} '.repeat(5),
      },
    ],
  })
  expect(told(await handleToTheEnd(bench, published()))).toEqual([expect.stringContaining('more than 64 letters')])
})

it('says what to do about credentials that are not enough, and waits for an operator', async () => {
  await bench.restart({ accounts: [{ ...seller, denied: ['StartChangeSet'] }] })
  await expect(handle(bench, published())).rejects.toMatchObject({
    failureClass: 'refused',
    message: expect.stringMatching(/AccessDeniedException: .*StartChangeSet \(give these credentials/) as string,
  })
})

it('gives up a review that takes longer than it may', async () => {
  const { wait } = await handle(bench, published())
  const since = new Date(bench.clock.now - 31 * 86_400_000)
  const waited = { state: wait?.state, since, why: 'time' } as const
  await expect(handle(bench, published(), { waited })).rejects.toMatchObject({
    failureClass: 'stuck',
    message: 'after 30 days, ec2.x86_64 is validating',
  })
})
