import { findCredentials } from '#publishing/sdk-credentials.ts'
import type { Finding } from '#service/host-check.ts'
import { readMarketplacePublisherConfig } from '../config.ts'

/** How the seller's account is reached: an endpoint that was configured, or AWS by a profile, a variable or a file. */
export function lookForSeller(env: Readonly<Record<string, string | undefined>>): Finding {
  const { endpoint, profile } = readMarketplacePublisherConfig(env)
  if (endpoint !== null) return { found: endpoint }
  const found = profile === null ? findCredentials(env, '.aws') : `the profile ${profile}`
  return found === null ? { missing: 'no AWS credentials on this host' } : { found: `AWS, by ${found}` }
}
