import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createMetadataReader } from './compose/read-metadata.ts'
import { readSchedulerConfig } from './config.ts'
import { createRoutes } from './intake/routes.ts'
import { ensureToken } from './intake/token.ts'
import { keepCadence, sleepUnlessAborted } from './keep-cadence.ts'
import { readPolicy } from './policy/read-policy.ts'
import { scheduler } from './service.ts'

/** Different keys are independent; a job that waits for a compose's metadata does not hold up the drops. */
const concurrency = 8

/** Puts the scheduler together. */
export const assemble: Assemble = async ({ env, stateFolder, now, log }) => {
  const config = readSchedulerConfig(env)
  const policy = readPolicy(config.policy)
  const allowed = [...policy.allowedLocations, ...config.allowedLocations]
  const { metadataDeadline: deadline, metadataMaxBytes: maxBytes } = config
  const read = createMetadataReader({ allowed, deadline, maxBytes })
  const token = config.token ?? (await ensureToken(stateFolder))
  return {
    service: bindService(scheduler, { policy, allowed, read }, { concurrency }),
    background: (say, signal) =>
      keepCadence(say, { cadence: policy.cadence, now, log, sleep: sleepUnlessAborted }, signal),
    routes: createRoutes({ policy, allowed, token }),
  }
}
