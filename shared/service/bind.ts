import type { EventDefinition, Said } from '#events/define.ts'
import type { Envelope, EnvelopeOf } from '#events/envelope.ts'
import type { BoundService, RetryPolicy, ServiceDefinition } from './define.ts'

/** Retried at once, then after 1, 4, 16 s …, the fifth failure ends in quarantine. */
const defaultRetry: RetryPolicy = { attempts: 5, firstDelay: 1_000, maxDelay: 300_000 }

interface BindOptions {
  /** How many jobs run at the same time in this process. */
  readonly concurrency?: number
}

/** Gives a service its dependencies. */
export function bindService<Consumes extends EventDefinition, Emits extends EventDefinition, Dependencies>(
  definition: ServiceDefinition<Consumes, Emits, Dependencies>,
  dependencies: Dependencies,
  { concurrency = 1 }: BindOptions = {},
): BoundService {
  const { name, consumes, emits, retry, keyOf, handle } = definition
  // The bus delivers only what `consumes` names, checked by its schema, so the narrower type is what arrives.
  const narrow = (event: Envelope) => event as EnvelopeOf<Consumes>
  return {
    name,
    consumes,
    emits,
    concurrency,
    retry: { ...defaultRetry, ...retry },
    keyOf: keyOf ? (event) => keyOf(narrow(event)) : null,
    async handle(event, context) {
      const result: readonly Said[] | { events: readonly Said[]; state: unknown } = await handle(
        narrow(event),
        dependencies,
        context,
      )
      return 'events' in result ? result : { events: result }
    },
  }
}
