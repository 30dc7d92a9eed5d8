import { z } from 'zod'
import { failure, type BuiltBy, type FailureClass } from '#events/vocabulary.ts'
import type { WaitFor } from '#service/define.ts'
import type { Engine } from './engines/engine.ts'

/** An engine that could not, and why. */
type Earlier = BuiltBy['earlier'][number]

/** What a build that waits keeps: whose turn it is, what that engine kept, and who could not. */
const kept = z.strictObject({
  engine: z.string(),
  state: z.unknown(),
  earlier: z.array(z.strictObject({ name: z.string(), class: failure.shape.class, reason: z.string() })),
})

/** One engine at work on a build. */
export interface Turn {
  readonly engine: Engine
  /** What it kept when it began to wait. */
  readonly waited: unknown
}

/** Whose turn it is in a build that waits; every engine's when it has not waited, for it may have begun something. */
export function turnOf(waited: unknown, engines: ReadonlyMap<string, Engine>): Turn[] {
  if (waited === undefined) return [...engines.values()].map((engine) => ({ engine, waited: undefined }))
  const { engine: name, state } = kept.parse(waited)
  const engine = engines.get(name)
  return engine ? [{ engine, waited: state }] : []
}

interface Contingency<Result> {
  /** Engines by name. */
  readonly engines: ReadonlyMap<string, Engine>
  /** Names in the order of the plan. */
  readonly plan: readonly string[]
  /** What `wait.state` was, when the build has waited. */
  readonly waited: unknown
  /** Builds, or says what it waits for. */
  readonly build: (turn: Turn) => Promise<Result | { readonly wait: WaitFor }>
  /** Ends what an engine that could not has begun. */
  readonly abandon: (turn: Turn) => Promise<void>
}

/** What came of it: the result and who could not before, or a wait that holds all that is needed to go on. */
export type Outcome<Result> =
  | { readonly result: Result; readonly engine: Engine; readonly earlier: readonly Earlier[] }
  | { readonly wait: WaitFor }

/** Another engine may do better where the host or its owner is at fault; a broken recipe is broken for all. */
const classesToPassOn: ReadonlySet<FailureClass> = new Set(['environment', 'capacity'])

/**
 * Tries the engines of a plan in order, and the next when one cannot. Throws the error of the last one, or one that no
 * other engine could mend, with the engine that threw it.
 */
export async function tryEngines<Result extends object>(options: Contingency<Result>): Promise<Outcome<Result>> {
  const { engines, plan, build, abandon } = options
  const resumed = options.waited === undefined ? null : kept.parse(options.waited)
  const earlier: Earlier[] = [...(resumed?.earlier ?? [])]
  const first = resumed ? plan.indexOf(resumed.engine) : 0
  for (const [index, name] of plan.entries()) {
    if (index < first) continue
    const isLast = index === plan.length - 1
    const engine = engines.get(name)
    const lack = engine
      ? await lackOf(engine)
      : `this builder has no such engine; it has ${[...engines.keys()].join(', ')}`
    if (!engine || lack !== null) {
      if (isLast) throw new EngineFailed(name, 'environment', lack ?? '')
      earlier.push({ name, class: 'environment', reason: lack ?? '' })
      continue
    }
    const turn = { engine, waited: resumed?.engine === name ? resumed.state : undefined }
    try {
      const result = await build(turn)
      if ('wait' in result)
        return { wait: { ...result.wait, state: { engine: name, state: result.wait.state, earlier } } }
      return { result, engine, earlier }
    } catch (error) {
      const failureClass = engine.classify(error)
      if (isLast || !classesToPassOn.has(failureClass)) {
        throw new EngineFailed(name, failureClass, engine.explain(error), { cause: error })
      }
      await abandon(turn)
      earlier.push({ name, class: failureClass, reason: engine.explain(error) })
    }
  }
  throw new Error(`a plan without engines: ${JSON.stringify(plan)}`)
}

async function lackOf(engine: Engine): Promise<string | null> {
  return (await engine.version()) === null ? `${engine.id} is not installed or set up on this machine` : null
}

/** The last engine could not, or one for a reason that no other can mend. */
export class EngineFailed extends Error {
  override name = 'EngineFailed'
  readonly code = 'ENGINE_FAILED'
  readonly engine: string
  readonly failureClass: FailureClass

  constructor(engine: string, failureClass: FailureClass, reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.engine = engine
    this.failureClass = failureClass
  }
}
