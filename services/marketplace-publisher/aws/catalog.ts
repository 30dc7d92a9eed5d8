import type { MarketplaceCatalog } from '@aws-sdk/client-marketplace-catalog'
import { makePatient } from '#publishing/patient-client.ts'
import type { MarketplaceSettings } from '../config.ts'
import { source } from '../step.ts'

/** A key of an account, given where it does not come from the environment. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The catalog of a seller. Every call is tried again while AWS is busy, and ends when the job does. */
export interface Catalog extends Disposable {
  readonly api: MarketplaceCatalog
}

/** The one catalog that there is. */
export const catalogName = 'AWSMarketplace'

/** Makes the client. The SDK is loaded here, on first use. */
export async function connectCatalog(
  settings: MarketplaceSettings,
  signal: AbortSignal,
  credentials?: Credentials,
): Promise<Catalog> {
  const { MarketplaceCatalog: Client } = await import('@aws-sdk/client-marketplace-catalog')
  const { endpoint, profile, pollSeconds, patienceSeconds, silenceSeconds } = settings
  const api = new Client({
    region: source.place,
    // Tried again by our own clock instead: docs/decisions/0021.
    maxAttempts: 1,
    // Without `throwOnRequestTimeout` the SDK only warns of an answer that does not come, and waits for ever.
    requestHandler: { requestTimeout: silenceSeconds * 1000, throwOnRequestTimeout: true, connectionTimeout: 10_000 },
    ...(endpoint === null ? {} : { endpoint }),
    ...(profile === null ? {} : { profile }),
    ...(credentials === undefined ? {} : { credentials }),
  })
  return {
    api: makePatient(api, { every: pollSeconds * 1000, patience: patienceSeconds * 1000, signal }),
    [Symbol.dispose]: () => {
      api.destroy()
    },
  }
}
