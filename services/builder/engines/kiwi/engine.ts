import type { Engine, EngineDeclaration } from '../engine.ts'
import { needsOfRoot } from '../needs.ts'
import { collectDisk } from '../verify.ts'
import { classifyKiwi, explainKiwi } from './classify.ts'
import { planKiwi } from './plan.ts'
import { clear, runKiwi, type KiwiLimits } from './run.ts'
import { kiwiVersion } from './version.ts'

export const engine: EngineDeclaration = { open: createKiwiEngine }

/** KIWI 11 or newer: needs root, and one loop device for each build. */
export function createKiwiEngine(limits: KiwiLimits): Engine {
  return {
    id: 'kiwi',
    usesPackages: true,
    needs: needsOfRoot,
    version: kiwiVersion,
    plan: planKiwi,
    async run(plan, context) {
      await runKiwi(plan, context, limits)
      return undefined
    },
    collect: collectDisk,
    abandon: (_, { folders }) => clear(folders.work),
    classify: classifyKiwi,
    explain: explainKiwi,
  }
}
