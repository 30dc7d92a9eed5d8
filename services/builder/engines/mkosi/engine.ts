import type { Engine, EngineDeclaration } from '../engine.ts'
import { assertFresh, assertRawDisk, assertBootSector } from '../verify.ts'
import { classifyMkosi, explainMkosi } from './classify.ts'
import { planMkosi } from './plan.ts'
import { runMkosi, type MkosiLimits } from './run.ts'
import { mkosiVersion } from './version.ts'

export const engine: EngineDeclaration = { open: createMkosiEngine }

/** The engine that comes with us: mkosi 24 or newer, without root, loop devices or KVM. */
export function createMkosiEngine(limits: MkosiLimits): Engine {
  return {
    id: 'mkosi',
    usesPackages: true,
    version: mkosiVersion,
    plan: planMkosi,
    async run(plan, context) {
      await runMkosi(plan, context, limits)
      return undefined
    },
    async collect({ disk, packages }, startedAt, signal) {
      await assertFresh(packages, startedAt)
      await assertFresh(disk, startedAt)
      await assertBootSector(disk)
      await assertRawDisk(disk, signal)
      return { disk, packages }
    },
    classify: classifyMkosi,
    explain: explainMkosi,
  }
}
