import type { MarketplaceCatalog, StartChangeSetRequest } from '@aws-sdk/client-marketplace-catalog'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { setUp, type Bench } from '../testing/bench.ts'
import { asSeller } from '../testing/look.ts'

let bench: Bench
beforeAll(async () => {
  bench = await setUp({ openChangeSets: 2 })
})
afterAll(async () => {
  await bench[Symbol.asyncDispose]()
})
// What was open before has ended.
beforeEach(() => {
  bench.clock.now += 3 * hour
})

const hour = 3_600_000
const catalogName = { Catalog: 'AWSMarketplace' }
const ask = <Result>(act: (catalog: MarketplaceCatalog) => Promise<Result>) => asSeller(bench, act)
const start = (request: Partial<StartChangeSetRequest>) =>
  ask((catalog) => catalog.startChangeSet({ ...catalogName, ChangeSet: [adding()], ...request }))
const statusOf = async (id: string | undefined) =>
  (await ask((catalog) => catalog.describeChangeSet({ ...catalogName, ChangeSetId: id }))).Status

let number = 0
function adding(product = 'prod-x86', { title = `version ${String(++number)}`, instance = 't3.micro' } = {}) {
  const source = {
    AmiId: 'ami-0123456789abcdef0',
    AccessRoleArn: 'arn:aws:iam::123456789012:role/r',
    UserName: 'fedora',
  }
  const security = { FromPort: 22, ToPort: 22, IpProtocol: 'tcp', IpRanges: ['0.0.0.0/0'] }
  const details = { AmiSource: source, UsageInstructions: 'ssh', RecommendedInstanceType: instance }
  return {
    ChangeType: 'AddDeliveryOptions',
    Entity: { Type: 'AmiProduct@1.0', Identifier: product },
    DetailsDocument: {
      Version: { VersionTitle: title, ReleaseNotes: 'new' },
      DeliveryOptions: [{ Details: { AmiDeliveryOptionDetails: { ...details, SecurityGroups: [security] } } }],
    },
  }
}

describe('signatures', () => {
  it('are verified, in the words of the catalog', async () => {
    const unsigned = await fetch(`${bench.emulator.url}/DescribeEntity?catalog=AWSMarketplace&entityId=prod-x86`)
    expect([unsigned.status, unsigned.headers.get('x-amzn-errortype')]).toEqual([
      403,
      'MissingAuthenticationTokenException',
    ])
    const describeIt = (catalog: MarketplaceCatalog) => catalog.describeEntity({ ...catalogName, EntityId: 'prod-x86' })
    const stranger = { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }
    await expect(asSeller(bench, describeIt, stranger)).rejects.toMatchObject({ name: 'UnrecognizedClientException' })
    const wrong = { accessKeyId: 'AKIAEMULATOREXAMPLE0', secretAccessKey: 'x' }
    await expect(asSeller(bench, describeIt, wrong)).rejects.toMatchObject({ name: 'InvalidSignatureException' })
  })
})

describe('a change set', () => {
  it('is prepared, applied, and has succeeded', async () => {
    const { ChangeSetId: id, ChangeSetArn: arn } = await start({})
    expect([id, arn]).toEqual([expect.stringMatching(/^\w{25}$/), expect.stringContaining(`ChangeSet/${String(id)}`)])
    const seen = []
    for (const _ of [1, 2, 3]) {
      seen.push(await statusOf(id))
      bench.clock.now += hour
    }
    expect(seen).toEqual(['PREPARING', 'APPLYING', 'SUCCEEDED'])
  })

  it('with the intent to validate changes nothing', async () => {
    const { ChangeSetId: id } = await start({ ChangeSet: [adding('prod-x86', { title: 'tried' })], Intent: 'VALIDATE' })
    bench.clock.now += hour
    expect(await statusOf(id)).toBe('SUCCEEDED')
    const { Details: text } = await ask((catalog) => catalog.describeEntity({ ...catalogName, EntityId: 'prod-x86' }))
    expect(text).not.toContain('tried')
  })

  it('locks its product, and names itself to whoever comes next', async () => {
    const { ChangeSetId: id } = await start({})
    await expect(start({})).rejects.toMatchObject({
      name: 'ResourceInUseException',
      message: expect.stringContaining(`change sets: ${String(id)}`) as string,
    })
    await expect(start({ ChangeSet: [adding('prod-arm')] })).resolves.toMatchObject({})
  })

  it('is one of so many that may be open', async () => {
    await using other = await setUp({ openChangeSets: 1 })
    const begin = (product: string) =>
      asSeller(other, (catalog) => catalog.startChangeSet({ ...catalogName, ChangeSet: [adding(product)] }))
    await begin('prod-x86')
    await expect(begin('prod-arm')).rejects.toMatchObject({ name: 'ServiceQuotaExceededException' })
  })

  it('of a token is given again for the same request, and for no other', async () => {
    const request = { ChangeSet: [adding()], ClientRequestToken: `token-${String(bench.clock.now)}` }
    const first = await start(request)
    expect(await start(request)).toMatchObject({ ChangeSetId: first.ChangeSetId })
    await expect(start({ ...request, ChangeSet: [adding()] })).rejects.toMatchObject({ name: 'ValidationException' })
  })

  it('can be cancelled while it is prepared, and not later', async () => {
    const cancel = (id: string | undefined) =>
      ask((catalog) => catalog.cancelChangeSet({ ...catalogName, ChangeSetId: id }))
    const { ChangeSetId: one } = await start({})
    await cancel(one)
    expect(await statusOf(one)).toBe('CANCELLED')
    const { ChangeSetId: other } = await start({})
    bench.clock.now += hour
    await expect(cancel(other)).rejects.toMatchObject({ name: 'ResourceInUseException' })
  })

  it('is forgotten after 60 days', async () => {
    const { ChangeSetId: id } = await start({})
    bench.clock.now += 61 * 24 * hour
    await expect(statusOf(id)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
    bench.clock.now -= 60 * 24 * hour
    expect(await statusOf(id)).toBe('SUCCEEDED')
  })

  it.each([
    ['a title that there is', { title: 'twice' }, 'DUPLICATE_VERSION_TITLE'],
    ['a title that is too long', { title: 'x'.repeat(65) }, 'INVALID_VERSION_TITLE'],
    ['a title that begins with a space', { title: ' x' }, 'INVALID_VERSION_TITLE'],
    ['an instance type of another product', { instance: 't4g.micro' }, 'RECOMMENDED_INSTANCE_TYPE_NOT_AVAILABLE'],
  ])('fails by %s', async (_, change, code) => {
    if (code === 'DUPLICATE_VERSION_TITLE') {
      await start({ ChangeSet: [adding('prod-x86', change)] })
      bench.clock.now += 3 * hour
    }
    const { ChangeSetId: id } = await start({ ChangeSet: [adding('prod-x86', change)] })
    bench.clock.now += hour
    const seen = await ask((catalog) => catalog.describeChangeSet({ ...catalogName, ChangeSetId: id }))
    expect(seen).toMatchObject({
      Status: 'FAILED',
      FailureCode: 'CLIENT_ERROR',
      ChangeSet: [{ ErrorDetailList: [{ ErrorCode: code }] }],
    })
  })

  it.each([
    ['another catalog', { Catalog: 'Moon' }, 'ValidationException'],
    ['a name that is too long', { ChangeSetName: 'x'.repeat(101) }, 'ValidationException'],
    ['a token with other letters', { ClientRequestToken: 'a b' }, 'ValidationException'],
    ['the same change twice', { ChangeSet: [adding(), adding()] }, 'ValidationException'],
    ['no product', { ChangeSet: [adding('prod-none')] }, 'ResourceNotFoundException'],
    [
      'another kind of product',
      { ChangeSet: [{ ...adding(), Entity: { Type: 'SaaSProduct@1.0', Identifier: 'prod-x86' } }] },
      'ResourceNotSupportedException',
    ],
    [
      'a validation of what cannot be validated',
      { Intent: 'VALIDATE' as const, ChangeSet: [{ ...adding(), ChangeType: 'RestrictDeliveryOptions' }] },
      'ValidationException',
    ],
  ])('is refused with %s', async (_, request, name) => {
    await expect(start(request)).rejects.toMatchObject({ name })
  })
})

it('lists change sets by name, product and status, page by page, the newest first', async () => {
  const ids = []
  for (const _ of [1, 2, 3]) {
    ids.push(
      (await start({ ChangeSet: [adding('prod-arm', { instance: 't4g.micro' })], ChangeSetName: 'a name' }))
        .ChangeSetId,
    )
    bench.clock.now += 3 * hour
  }
  const list = (NextToken?: string) =>
    ask((catalog) =>
      catalog.listChangeSets({
        ...catalogName,
        FilterList: [
          { Name: 'ChangeSetName', ValueList: ['a name'] },
          { Name: 'EntityId', ValueList: ['prod-arm'] },
          { Name: 'Status', ValueList: ['FAILED', 'SUCCEEDED'] },
        ],
        MaxResults: 2,
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    )
  const first = await list()
  const second = await list(first.NextToken)
  const seen = [...(first.ChangeSetSummaryList ?? []), ...(second.ChangeSetSummaryList ?? [])]
  expect(seen.map(({ ChangeSetId }) => ChangeSetId)).toEqual(ids.toReversed())
  expect(second.NextToken).toBeUndefined()
})

it('what it has kept is there when it is started again', async () => {
  const { ChangeSetId: id } = await start({})
  await bench.restart()
  expect(await statusOf(id)).toBe('PREPARING')
})
