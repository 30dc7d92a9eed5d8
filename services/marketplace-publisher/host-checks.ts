import { messageOf } from '#service/errors.ts'
import type { Finding, HostCheck } from '#service/host-check.ts'
import { lookForSeller } from './aws/credentials.ts'
import { readMarketplacePublisherConfig } from './config.ts'
import { readListings } from './listings-file.ts'

/** What the marketplace-publisher wants of a host. */
export const hostChecks: readonly HostCheck[] = [
  {
    name: 'Marketplace listings',
    weight: 'extra',
    look: ({ env }) => lookAtListings(env),
    cost: 'no image is offered in the AWS Marketplace',
    fix: 'as it says; services/marketplace-publisher/README.md tells what a listing needs',
  },
]

function lookAtListings(env: Readonly<Record<string, string | undefined>>): Finding {
  try {
    const { listings: path } = readMarketplacePublisherConfig(env)
    const { products, apply } = readListings(path)
    if (products.length === 0) return { missing: `${path} names no product` }
    const account = lookForSeller(env)
    if ('missing' in account) return account
    const count = `${String(products.length)} product${products.length === 1 ? '' : 's'}`
    return {
      found: `${count}, ${apply ? 'applied when a person blessed the drop' : 'only validated'}; ${account.found}`,
    }
  } catch (error) {
    return { missing: messageOf(error) }
  }
}
