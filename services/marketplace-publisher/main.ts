import { bindService } from '#service/bind.ts'
import { messageOf, PermanentError } from '#service/errors.ts'
import type { Assemble } from '#service/host.ts'
import { createCloudProcess } from './cloud/cloud-process.ts'
import { readMarketplacePublisherConfig } from './config.ts'
import { readListings, type Listings } from './listings-file.ts'
import { marketplacePublisher } from './service.ts'

/** Puts the marketplace-publisher together. A file of listings that is wrong stops the start; each job reads it anew. */
export const assemble: Assemble = ({ env }) => {
  const settings = readMarketplacePublisherConfig(env)
  readListings(settings.listings)
  const listings = () => listingsOfJob(settings.listings)
  const dependencies = { ...settings, listings, cloud: createCloudProcess(settings, env) }
  return Promise.resolve({ service: bindService(marketplacePublisher, dependencies, { concurrency: settings.jobs }) })
}

/** A file that somebody has broken since the start is for them to repair, not a mistake of ours. */
function listingsOfJob(path: string): Listings {
  try {
    return readListings(path)
  } catch (error) {
    throw new PermanentError('environment', messageOf(error), { cause: error })
  }
}
