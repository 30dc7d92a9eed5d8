import { auditPolicy } from '#publishing/audit-policy.ts'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createClouds } from './cloud.ts'
import { readEucalyptusPublisherConfig } from './config.ts'
import { createOpenPlaces } from './places.ts'
import { eucalyptusPublisher } from './service.ts'
import { target } from './step.ts'

/** Puts the eucalyptus-publisher together. */
export const assemble: Assemble = ({ artifacts, env, claimsOf }) => {
  const settings = readEucalyptusPublisherConfig(env)
  const clouds = createClouds(createOpenPlaces(settings, env), settings)
  const audit = auditPolicy(settings, { service: eucalyptusPublisher.name, target }, claimsOf)
  const dependencies = { ...settings, artifacts, clouds, audit }
  return Promise.resolve({
    service: bindService(eucalyptusPublisher, dependencies, { concurrency: settings.jobs }),
    audits: target,
  })
}
