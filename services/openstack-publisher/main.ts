import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createClouds } from './cloud.ts'
import { createOpenPlaces } from './places.ts'
import { readOpenstackPublisherConfig } from './config.ts'
import { openstackPublisher } from './service.ts'

/** Puts the openstack-publisher together. */
export const assemble: Assemble = ({ artifacts, env }) => {
  const settings = readOpenstackPublisherConfig(env)
  const clouds = createClouds(createOpenPlaces(settings, env), settings)
  const service = bindService(openstackPublisher, { ...settings, artifacts, clouds }, { concurrency: settings.jobs })
  return Promise.resolve({ service })
}
