import type { Engine, EngineDeclaration } from '../engine.ts'
import { collectDisk } from '../verify.ts'
import { classifyOsbuild, explainOsbuild } from './classify.ts'
import { planOsbuild } from './plan.ts'
import { clear, runOsbuild, type OsbuildLimits } from './run.ts'
import { osbuildVersion } from './version.ts'

export const engine: EngineDeclaration = { open: createOsbuildEngine }

/** image-builder 71 or newer, with osbuild: needs root, and loop devices. */
export function createOsbuildEngine(limits: OsbuildLimits): Engine {
  return {
    id: 'osbuild',
    usesPackages: true,
    version: osbuildVersion,
    plan: planOsbuild,
    async run(plan, context) {
      await runOsbuild(plan, context, limits)
      return undefined
    },
    collect: collectDisk,
    abandon: (_, { folders }) => clear(folders.work),
    classify: classifyOsbuild,
    explain: explainOsbuild,
  }
}
