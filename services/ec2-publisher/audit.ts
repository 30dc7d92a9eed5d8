import type { Audit } from '#service/audit.ts'
import { PermanentError } from '#service/errors.ts'
import { lookForAws } from './aws/credentials.ts'
import { readEc2PublisherConfig } from './config.ts'
import { target } from './step.ts'

/** Every region that is configured, or that a drop names, against the ledger. */
export const audit: Audit = {
  target,
  async run({ drops, repair, env, signal }) {
    const seen = lookForAws(env)
    if ('missing' in seen) throw new PermanentError('environment', `${seen.missing}, so nothing was looked at`)
    const { createConnections } = await import('./regions/connections.ts')
    const { auditRegions } = await import('./audit/audit-regions.ts')
    return await auditRegions(createConnections(readEc2PublisherConfig(env)), { drops, repair, signal })
  },
}
