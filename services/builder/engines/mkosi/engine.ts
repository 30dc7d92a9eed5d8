import type { Engine, EngineDeclaration, EngineHost } from '../engine.ts'
import { needsWithMemory } from '../needs.ts'
import { collectDisk } from '../verify.ts'
import { classifyMkosi, explainMkosi } from './classify.ts'
import { readMkosiConfig } from './config.ts'
import { planMkosi } from './plan.ts'
import { runMkosi } from './run.ts'
import { summarize } from './summary.ts'
import { mkosiVersion } from './version.ts'

type Times = Pick<EngineHost, 'deadline' | 'idleDeadline'>

export const engine: EngineDeclaration = { open: createMkosiEngine }

/** The engine that comes with us: mkosi 24 or newer, without root, loop devices or KVM. Root has it work in memory. */
export function createMkosiEngine({ env = {}, deadline, idleDeadline }: Times & Partial<EngineHost>): Engine {
  const { memoryMib } = readMkosiConfig(env)
  const limits = { deadline, idleDeadline, memoryMib }
  return {
    id: 'mkosi',
    usesPackages: true,
    isOfPackages: true,
    needs: (image) => needsWithMemory(image, memoryMib),
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
