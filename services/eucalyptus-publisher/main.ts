import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createClouds } from './cloud.ts'
import { readEucalyptusPublisherConfig } from './config.ts'
import { createOpenPlaces } from './places.ts'
import { eucalyptusPublisher } from './service.ts'

/** Puts the eucalyptus-publisher together. */
export const assemble: Assemble = ({ artifacts, env }) => {
  const settings = readEucalyptusPublisherConfig(env)
  const clouds = createClouds(createOpenPlaces(settings, env), settings)
  const service = bindService(eucalyptusPublisher, { ...settings, artifacts, clouds }, { concurrency: settings.jobs })
  return Promise.resolve({ service })
}
