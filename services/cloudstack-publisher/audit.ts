import type { Audit } from '#service/audit.ts'
import { createClouds } from './cloud.ts'
import { readCloudstackPublisherConfig } from './config.ts'
import { createOpenPlaces } from './places.ts'
import { target } from './step.ts'

/** Every zone that is configured against the ledger. */
export const audit: Audit = {
  target,
  async run({ drops, repair, env, signal }) {
    const settings = readCloudstackPublisherConfig(env)
    const clouds = createClouds(createOpenPlaces(settings, env), settings)
    return await clouds.audit(drops, { signal, progress: () => {} }, { repair })
  },
}
