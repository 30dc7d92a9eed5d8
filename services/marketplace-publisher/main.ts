import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createCloudProcess } from './cloud/cloud-process.ts'
import { readMarketplacePublisherConfig } from './config.ts'
import { readListings } from './listings-file.ts'
import { marketplacePublisher } from './service.ts'

/** Puts the marketplace-publisher together. A file of listings that is wrong stops the start; each job reads it anew. */
export const assemble: Assemble = ({ env }) => {
  const settings = readMarketplacePublisherConfig(env)
  const listings = () => readListings(settings.listings)
  listings()
  const dependencies = { ...settings, listings, cloud: createCloudProcess(settings, env) }
  return Promise.resolve({ service: bindService(marketplacePublisher, dependencies, { concurrency: settings.jobs }) })
}
