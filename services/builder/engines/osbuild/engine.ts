import type { Engine, EngineDeclaration } from '../engine.ts'
import { needsOfRoot } from '../needs.ts'
import { collectDisk } from '../verify.ts'
import { classifyOsbuild, explainOsbuild } from './classify.ts'
import { planOsbuild } from './plan.ts'
import { clear, readManifest, runOsbuild, type OsbuildLimits } from './run.ts'
import { osbuildVersion } from './version.ts'

export const engine: EngineDeclaration = { open: createOsbuildEngine }

/** image-builder 71 or newer, with osbuild: needs root, and loop devices. */
export function createOsbuildEngine(limits: OsbuildLimits): Engine {
  return {
    id: 'osbuild',
    usesPackages: true,
    needs: needsOfRoot,
    version: osbuildVersion,
    plan: planOsbuild,
    async run(plan, context) {
      await runOsbuild(plan, context, limits)
      return undefined
    },
    async collect(plan, startedAt, signal) {
      const built = await collectDisk(plan, startedAt, signal)
      return { ...built, description: [...built.description, await readManifest(plan)] }
    },
    abandon: (_, { folders }) => clear(folders.work),
    classify: classifyOsbuild,
    explain: explainOsbuild,
  }
}
