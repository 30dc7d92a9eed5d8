import type { EventDefinition, Said } from '#events/define.ts'
import type { Envelope, EnvelopeOf } from '#events/envelope.ts'
import type { BoundService, Result, RetryPolicy, ServiceDefinition, Waited } from './define.ts'

/** Retried after about 1, 4, 16 and 64 s; the fifth failure ends in quarantine. */
const defaultRetry: RetryPolicy = { attempts: 5, firstDelay: 1_000, maxDelay: 300_000 }

interface BindOptions {
  /** How many jobs run at the same time in this process. */
  readonly concurrency?: number
}

/** Gives a service its dependencies. */
export function bindService<
  Consumes extends EventDefinition,
  Emits extends EventDefinition,
  Dependencies,
  Wakes extends readonly EventDefinition[],
>(
  definition: ServiceDefinition<Consumes, Emits, Dependencies, Wakes>,
  dependencies: Dependencies,
  { concurrency = 1 }: BindOptions = {},
): BoundService {
  const {
    name,
    consumes,
    emits,
    wakes = [],
    retry,
    asides = [],
    concerns,
    keyOf,
    basisOf,
    needs,
    handle,
    abandon,
  } = definition
  // The bus delivers only what `consumes` and `wakes` name, checked by its schema, so the narrower types are what arrives.
  const narrow = (event: Envelope) => event as EnvelopeOf<Consumes>
  const narrowed = <Given extends { readonly waited?: Waited }>(context: Given) =>
    context as Given & { readonly waited?: Waited<Wakes[number]> }
  return {
    name,
    consumes,
    emits,
    wakes,
    asides,
    concurrency,
    retry: { ...defaultRetry, ...retry },
    concerns: concerns ? (event) => concerns(narrow(event)) : null,
    keyOf: keyOf ? (event) => keyOf(narrow(event)) : null,
    basisOf: basisOf ? (event) => basisOf(narrow(event)) : null,
    needs: needs ? (event) => needs(narrow(event), dependencies) : null,
    async handle(event, context) {
      const result: readonly Said[] | Result = await handle(narrow(event), dependencies, narrowed(context))
      return 'events' in result ? result : { events: result }
    },
    abandon: abandon ? (event, context) => abandon(narrow(event), dependencies, narrowed(context)) : null,
  }
}
