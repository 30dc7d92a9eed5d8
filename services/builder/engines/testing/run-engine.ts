// Carries out a plan of an engine in a process of its own: `run-engine.ts FILE`, where FILE holds a RunOrder.
import { mkdirSync, readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { pino } from 'pino'
import type { BuildPlan, EngineContext, EngineDeclaration } from '../engine.ts'

/** What is to be run; the outcome is one line of JSON. */
export interface RunOrder {
  /** Of the engine's `engine.ts`. */
  readonly module: string
  readonly plan: BuildPlan
  readonly limits: { readonly deadline: number; readonly idleDeadline: number }
  readonly env?: Readonly<Record<string, string>>
  readonly context: Pick<EngineContext, 'logFile' | 'folders'>
}

const { module, plan, limits, env = {}, context } = deserialize(readFileSync(process.argv[2] ?? '')) as RunOrder
const engine = ((await import(module)) as { engine: EngineDeclaration }).engine.open({ env, ...limits })
try {
  for (const folder of Object.values(context.folders)) mkdirSync(folder, { recursive: true })
  const signal = new AbortController().signal
  const log = pino({ level: 'silent' })
  await engine.run(plan, { ...context, signal, progress: () => {}, log, now: () => new Date() })
  console.log(JSON.stringify({ peakKib: process.resourceUsage().maxRSS }))
} catch (error) {
  console.log(JSON.stringify({ class: engine.classify(error), reason: engine.explain(error) }))
}
