import { auditPolicy } from '#publishing/audit-policy.ts'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createClouds } from './cloud.ts'
import { createOpenPlaces } from './places.ts'
import { readOpenstackPublisherConfig } from './config.ts'
import { openstackPublisher } from './service.ts'
import { target } from './step.ts'

/** Puts the openstack-publisher together. */
export const assemble: Assemble = ({ artifacts, env, claimsOf }) => {
  const settings = readOpenstackPublisherConfig(env)
  const clouds = createClouds(createOpenPlaces(settings, env), settings)
  const audit = auditPolicy(settings, { service: openstackPublisher.name, target }, claimsOf)
  const dependencies = { ...settings, artifacts, clouds, audit }
  return Promise.resolve({
    service: bindService(openstackPublisher, dependencies, { concurrency: settings.jobs }),
    audits: target,
  })
}
