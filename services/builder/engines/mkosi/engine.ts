import type { Engine, EngineDeclaration } from '../engine.ts'
import { needsOfTool } from '../needs.ts'
import { collectDisk } from '../verify.ts'
import { classifyMkosi, explainMkosi } from './classify.ts'
import { planMkosi } from './plan.ts'
import { runMkosi, type MkosiLimits } from './run.ts'
import { summarize } from './summary.ts'
import { mkosiVersion } from './version.ts'

export const engine: EngineDeclaration = { open: createMkosiEngine }

/** The engine that comes with us: mkosi 24 or newer, without root, loop devices or KVM. */
export function createMkosiEngine(limits: MkosiLimits): Engine {
  return {
    id: 'mkosi',
    usesPackages: true,
    isOfPackages: true,
    needs: needsOfTool,
    version: mkosiVersion,
    plan: planMkosi,
    async run(plan, context) {
      await runMkosi(plan, context, limits)
      return undefined
    },
    async collect(plan, startedAt, signal) {
      const built = await collectDisk(plan, startedAt, signal)
      return { ...built, description: [...built.description, ...(await summarize(plan, signal))] }
    },
    classify: classifyMkosi,
    explain: explainMkosi,
  }
}
