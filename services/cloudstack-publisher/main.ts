import { auditPolicy } from '#publishing/audit-policy.ts'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createClouds } from './cloud.ts'
import { readCloudstackPublisherConfig } from './config.ts'
import { createOpenPlaces } from './places.ts'
import { cloudstackPublisher } from './service.ts'
import { target } from './step.ts'

/** Puts the cloudstack-publisher together. */
export const assemble: Assemble = ({ env, claimsOf }) => {
  const settings = readCloudstackPublisherConfig(env)
  const clouds = createClouds(createOpenPlaces(settings, env), settings)
  const audit = auditPolicy(settings, { service: cloudstackPublisher.name, target }, claimsOf)
  return Promise.resolve({
    service: bindService(cloudstackPublisher, { ...settings, clouds, audit }, { concurrency: settings.jobs }),
    audits: target,
  })
}
