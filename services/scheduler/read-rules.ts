import type { Rules } from './compose/judge.ts'
import { readSchedulerConfig } from './config.ts'
import type { Surroundings } from './policy/check-policy.ts'
import { readPolicy } from './policy/read-policy.ts'

/** Reads what composes are judged by, from the policy and the settings. Throws InvalidConfig. */
export function readRules(env: Readonly<Record<string, string | undefined>>, surroundings: Surroundings): Rules {
  const config = readSchedulerConfig(env)
  const policy = readPolicy(config.policy, surroundings)
  return { policy, allowed: [...policy.allowedLocations, ...config.allowedLocations] }
}
