import type { Engine } from './engine.ts'
import { createMkosiEngine } from './mkosi/engine.ts'
import type { MkosiLimits } from './mkosi/run.ts'
import { createNullEngine } from './null/engine.ts'

/** The engine of a name. */
export function engineFor(id: 'mkosi' | 'null', limits: MkosiLimits): Engine {
  return id === 'mkosi' ? createMkosiEngine(limits) : createNullEngine()
}
