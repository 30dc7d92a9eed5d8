import { PermanentError } from '#service/errors.ts'
import type { EngineDeclaration, EngineHost } from '../engine.ts'
import { collectDisk } from '../verify.ts'
import { classifyKoji, explainKoji } from './classify.ts'
import { readKojiConfig } from './config.ts'
import { keptDescription } from './collect/describe.ts'
import { connectHub } from './hub/connect.ts'
import { planKoji, type KojiPlan } from './order/plan.ts'
import { createKojiSteps } from './steps.ts'

export const engine: EngineDeclaration = { open: createKojiEngine }

/** A Koji hub and its builders: the way of the feature page. Nothing runs on this host. */
export function createKojiEngine({ env }: Pick<EngineHost, 'env'>) {
  const config = readKojiConfig(env)
  const hub = config.hub && connectHub(config.hub)
  const steps = hub && createKojiSteps(hub, config.limits)
  return {
    id: 'koji',
    usesPackages: false,
    needs: () => ({}),
    version: async () => (steps ? await steps.version() : null),
    plan: planKoji,
    async run(plan: KojiPlan, context) {
      if (!steps) throw new PermanentError('environment', 'no Koji hub is configured: IMAGEDROP_KOJI_HUB is not set')
      return await steps.advance(plan, context)
    },
    async collect(plan, startedAt, signal) {
      const built = await collectDisk(plan, startedAt, signal)
      return { ...built, description: await keptDescription(plan) }
    },
    async abandon(plan: KojiPlan, context) {
      await steps?.abandon(plan, context)
    },
    classify: classifyKoji,
    explain: explainKoji,
    async close() {
      await hub?.[Symbol.asyncDispose]()
    },
  } satisfies ReturnType<EngineDeclaration['open']>
}
