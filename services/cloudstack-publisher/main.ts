import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createClouds } from './cloud.ts'
import { readCloudstackPublisherConfig } from './config.ts'
import { createOpenPlaces } from './places.ts'
import { cloudstackPublisher } from './service.ts'

/** Puts the cloudstack-publisher together. */
export const assemble: Assemble = ({ env }) => {
  const settings = readCloudstackPublisherConfig(env)
  const clouds = createClouds(createOpenPlaces(settings, env), settings)
  return Promise.resolve({
    service: bindService(cloudstackPublisher, { ...settings, clouds }, { concurrency: settings.jobs }),
  })
}
