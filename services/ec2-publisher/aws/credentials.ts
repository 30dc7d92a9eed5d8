import { findCredentials } from '#publishing/sdk-credentials.ts'
import type { Finding } from '#service/host-check.ts'

/** How EC2 is reached: an endpoint that was configured, or AWS by the credentials of a variable or a file. */
export function lookForAws(env: Readonly<Record<string, string | undefined>>): Finding {
  const endpoint = env['IMAGEDROP_EC2_PUBLISHER_ENDPOINT']
  if (endpoint) return { found: endpoint }
  const found = findCredentials(env, '.aws')
  return found === null ? { missing: 'no AWS credentials on this host' } : { found: `AWS, by ${found}` }
}
