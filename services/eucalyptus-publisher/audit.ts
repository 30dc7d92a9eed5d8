import type { Audit } from '#service/audit.ts'
import { createClouds } from './cloud.ts'
import { readEucalyptusPublisherConfig } from './config.ts'
import { createOpenPlaces } from './places.ts'
import { target } from './step.ts'

/** Every cloud that is configured against the ledger. */
export const audit: Audit = {
  target,
  async run({ drops, repair, env, signal }) {
    const settings = readEucalyptusPublisherConfig(env)
    const clouds = createClouds(createOpenPlaces(settings, env), settings)
    return await clouds.audit(drops, { signal, progress: () => {} }, { repair })
  },
}
