import { auditPolicy } from '#publishing/audit-policy.ts'
import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createCloudProcess } from './cloud/cloud-process.ts'
import { readEc2PublisherConfig } from './config.ts'
import { ec2Publisher } from './service.ts'
import { target } from './step.ts'

/** Puts the ec2-publisher together. */
export const assemble: Assemble = ({ artifacts, env, stateFolder, claimsOf }) => {
  const settings = readEc2PublisherConfig(env, stateFolder)
  const { jobs, watchHours, protectFinal } = settings
  const cloud = createCloudProcess(settings, env)
  const trials = settings.trials.length > 0
  const imports = Object.keys(settings.importBuckets).length > 0
  const audit = auditPolicy(settings, { service: ec2Publisher.name, target }, claimsOf)
  const dependencies = { artifacts, cloud, retention: settings, watchHours, protectFinal, trials, imports, audit }
  return Promise.resolve({
    service: bindService(ec2Publisher, dependencies, { concurrency: jobs }),
    audits: target,
  })
}
