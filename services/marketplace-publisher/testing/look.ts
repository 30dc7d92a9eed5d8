import { MarketplaceCatalog, type DescribeChangeSetResponse } from '@aws-sdk/client-marketplace-catalog'
import { products, seller, type Bench } from './bench.ts'

const catalogName = { Catalog: 'AWSMarketplace' }

/** Does something with the seller's account, as a person would. */
export async function asSeller<Result>(
  { emulator }: Pick<Bench, 'emulator'>,
  act: (catalog: MarketplaceCatalog) => Promise<Result>,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } = seller,
): Promise<Result> {
  const catalog = new MarketplaceCatalog({
    region: 'us-east-1',
    endpoint: emulator.url,
    credentials,
    maxAttempts: 1,
  })
  try {
    return await act(catalog)
  } finally {
    catalog.destroy()
  }
}

/** All change sets, the newest first: what for, and how they stand. */
export async function changeSetsOf(bench: Bench): Promise<string[]> {
  const { ChangeSetSummaryList: list = [] } = await asSeller(bench, (catalog) => catalog.listChangeSets(catalogName))
  return list.map(
    ({ ChangeSetName: name = '', Status: status = '' }) => `${/^imagedrop (\w+)/.exec(name)?.[1] ?? name} ${status}`,
  )
}

/** The same with all that is known of them. */
export async function describeChangeSets(bench: Bench): Promise<DescribeChangeSetResponse[]> {
  return await asSeller(bench, async (catalog) => {
    const { ChangeSetSummaryList: list = [] } = await catalog.listChangeSets(catalogName)
    return await Promise.all(list.map(({ ChangeSetId }) => catalog.describeChangeSet({ ...catalogName, ChangeSetId })))
  })
}

/** The versions of the product of x86_64, and who sees them. */
export async function versionsOf(bench: Bench): Promise<string[]> {
  const { DetailsDocument: document } = await asSeller(bench, (catalog) =>
    catalog.describeEntity({ ...catalogName, EntityId: products.x86_64 }),
  )
  const { Versions: all } = document as {
    Versions: { VersionTitle: string; DeliveryOptions: { Visibility: string }[] }[]
  }
  return all.map((one) => `${one.VersionTitle}: ${one.DeliveryOptions.map(({ Visibility }) => Visibility).join()}`)
}
