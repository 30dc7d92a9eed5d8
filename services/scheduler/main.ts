import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createMetadataReader } from './compose/read-metadata.ts'
import { readSchedulerConfig } from './config.ts'
import { createRoutes } from './intake/routes.ts'
import { ensureToken, readTokens } from './intake/token.ts'
import { keepCadence, sleepUnlessAborted } from './keep-cadence.ts'
import { readPolicy } from './policy/read-policy.ts'
import { poll } from './recovery/poll.ts'
import { assertRecoveryPlaces, recoverySources } from './recovery/sources.ts'
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
  assertRecoveryPlaces(policy, allowed)
  const tokens = readTokens(config.token ?? (await ensureToken(stateFolder)))
  return {
    service: bindService(scheduler, { policy, allowed, read }, { concurrency }),
    background: async ({ say, takeIn }, signal) => {
      const clock = { now, log, sleep: sleepUnlessAborted }
      const sources = recoverySources({ policy, allowed, config, stateFolder, now, log, takeIn })
      await Promise.all([
        keepCadence(say, { cadence: policy.cadence, ...clock }, signal),
        ...sources.map((source) => poll(source, clock, signal)),
      ])
    },
    routes: createRoutes({ policy, allowed, tokens }),
    trust: { operators: policy.operators, messages: policy.trust },
  }
}
