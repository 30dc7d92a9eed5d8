import type { EngineDeclaration, EngineHost } from '../engine.ts'
import { assertRoot, buildByTool, onceOnThisHost } from '../installer/build.ts'
import { describeErrors } from '../installer/classify.ts'
import { releaseLeftovers } from '../installer/leftovers.ts'
import { packagedVersion } from '../installer/version.ts'
import { needsOfRoot } from '../needs.ts'
import { collectDisk } from '../verify.ts'
import { planAppliance } from './plan.ts'
import { applianceMeanings, applianceWords } from './words.ts'

export const engine: EngineDeclaration = { open: createApplianceEngine }

/** What Fedora 19 was built with: appliance-creator, which installs packages into a mounted disk. Needs root. */
export function createApplianceEngine({ deadline, idleDeadline }: Pick<EngineHost, 'deadline' | 'idleDeadline'>) {
  return {
    id: 'appliance',
    usesPackages: true,
    needs: needsOfRoot,
    version: () => packagedVersion('appliance-creator', ['--help'], 'appliance-tools'),
    plan: planAppliance,
    async run(plan, context) {
      assertRoot('appliance-creator')
      const release = () => releaseLeftovers(context.folders.work)
      const options = { limits: { deadline, idleDeadline }, words: applianceWords, release }
      // Two at once take each other's loop devices.
      await onceOnThisHost('appliance', context, '/run/imagedrop', () => buildByTool(plan, context, options))
      return undefined
    },
    collect: collectDisk,
    abandon: (_, { folders }) => releaseLeftovers(folders.work),
    ...describeErrors(applianceMeanings),
  } satisfies ReturnType<EngineDeclaration['open']>
}
