import { connectCatalog, type Catalog, type Credentials } from '../aws/catalog.ts'
import { translate } from '../aws/errors.ts'
import type { Cloud, CloudContext } from '../cloud.ts'
import type { MarketplaceSettings } from '../config.ts'
import { listVersion } from '../list/list-version.ts'
import { withdrawVersion } from '../withdraw/withdraw-version.ts'

/** The Marketplace, or its emulator, spoken to from this process. Without credentials, they are looked for as AWS's own tools do. */
export function createDirectCloud(settings: MarketplaceSettings, credentials?: Credentials): Cloud {
  async function within<Result>(
    doing: string,
    { signal, progress }: CloudContext,
    act: (catalog: Catalog) => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted()
    progress({ phase: doing })
    using catalog = await connectCatalog(settings, signal, credentials)
    try {
      return await act(catalog)
    } catch (error) {
      signal.throwIfAborted()
      throw translate(error, doing)
    }
  }
  return {
    list: (order, how, context) =>
      within(`listing ${order.title}`, context, (catalog) => listVersion(catalog, order, how)),
    withdraw: (version, past, context) =>
      within(`withdrawing ${version.title}`, context, (catalog) => withdrawVersion(catalog, version, past)),
  }
}
