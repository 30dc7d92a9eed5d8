import { dirname, join } from 'node:path'
import type { BuildPlan, EngineDeclaration, EngineHost } from '../engine.ts'
import { buildByTool } from '../installer/build.ts'
import { describeErrors } from '../installer/classify.ts'
import { destroyDomain } from '../installer/domain.ts'
import { ozMeanings, ozSteps } from '../installer/oz-words.ts'
import { packagedVersion } from '../installer/version.ts'
import { needsOfTool } from '../needs.ts'
import { assertFresh, collectDisk } from '../verify.ts'
import { readOzConfig } from './config.ts'
import { domainOf, planOz } from './plan.ts'

export const engine: EngineDeclaration = { open: createOzEngine }

/** Oz without what is on top of it: the distribution's own installer in a virtual machine of libvirt. */
export function createOzEngine({ env, deadline, idleDeadline }: EngineHost) {
  const config = readOzConfig(env)
  const release = (plan: BuildPlan) => destroyDomain(config.uri, domainOf(plan))
  return {
    id: 'oz',
    usesPackages: true,
    needs: needsOfTool,
    version: () => packagedVersion('oz-install', ['-h'], 'oz'),
    plan: (request, folders) => planOz(request, folders, { config, deadline }),
    async run(plan, context) {
      const words = { steps: ozSteps, success: /^Libvirt XML was written to /, failures: [] }
      await buildByTool(plan, context, { limits: { deadline, idleDeadline }, words, release: () => release(plan) })
      return undefined
    },
    async collect(plan, startedAt, signal) {
      await assertFresh(join(dirname(plan.disk), 'guest.xml'), startedAt)
      return await collectDisk(plan, startedAt, signal)
    },
    abandon: release,
    ...describeErrors(ozMeanings),
  } satisfies ReturnType<EngineDeclaration['open']>
}
