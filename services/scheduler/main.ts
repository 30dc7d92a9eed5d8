import { bindService } from '#service/bind.ts'
import type { Assemble } from '#service/host.ts'
import { createMetadataReader } from './compose/read-metadata.ts'
import { readSchedulerConfig } from './config.ts'
import { createRoutes } from './intake/routes.ts'
import { ensureToken, readTokens } from './intake/token.ts'
import { keepCadence, sleepUnlessAborted } from './keep-cadence.ts'
import { readRules } from './read-rules.ts'
import { poll } from './recovery/poll.ts'
import { assertRecoveryPlaces, recoverySources } from './recovery/sources.ts'
import { scheduler } from './service.ts'

/** Different keys are independent; a job that waits for a compose's metadata does not hold up the drops. */
const concurrency = 8

/** Puts the scheduler together. */
export const assemble: Assemble = async ({ env, stateFolder, now, log, steps, roots }) => {
  const config = readSchedulerConfig(env)
  const rules = readRules(env, { steps, roots })
  const { policy, allowed } = rules
  const { metadataDeadline: deadline, metadataMaxBytes: maxBytes } = config
  const read = createMetadataReader({ allowed, deadline, maxBytes })
  assertRecoveryPlaces(policy, allowed)
  const tokens = readTokens(config.token ?? (await ensureToken(stateFolder)))
  return {
    service: bindService(scheduler, { ...rules, read }, { concurrency }),
    background: async ({ say, takeIn }, signal) => {
      const clock = { now, log, sleep: sleepUnlessAborted }
      const sources = recoverySources({ ...rules, config, stateFolder, now, log, takeIn })
      await Promise.all([
        keepCadence(say, { cadence: policy.cadence, ...clock }, signal),
        ...sources.map((source) => poll(source, clock, signal)),
      ])
    },
    routes: createRoutes({ ...rules, tokens, now }),
    trust: { operators: policy.operators, messages: policy.trust },
  }
}
