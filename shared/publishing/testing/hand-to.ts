import { dropBlessed } from '#events/drop-blessed.ts'
import type { EventDefinition, SaidOf } from '#events/define.ts'
import type { EnvelopeOf } from '#events/envelope.ts'
import type { DropImage, ImagePlan, Registration } from '#events/vocabulary.ts'
import type { ServiceDefinition, Waited, WaitFor } from '#service/define.ts'
import { testContext, type TestContextOptions } from '#test/support/context.ts'

/** What a service made of an event. */
export interface Handled<Said> {
  readonly events: readonly Said[]
  readonly wait?: WaitFor
}

/** What a handler is given besides its event and its dependencies; `waited` is what woke it. */
export interface Given<Wakes extends EventDefinition = EventDefinition> extends TestContextOptions {
  readonly waited?: Waited<Wakes>
}

/** Hands an event to a service, as the runtime does: not one that is of no concern to it. */
export async function handTo<
  Consumes extends EventDefinition,
  Emits extends EventDefinition,
  Dependencies,
  Wakes extends readonly EventDefinition[],
>(
  service: ServiceDefinition<Consumes, Emits, Dependencies, Wakes>,
  dependencies: Dependencies,
  event: EnvelopeOf<Consumes>,
  { waited, ...given }: Given<Wakes[number]> = {},
): Promise<Handled<SaidOf<Emits>>> {
  if (service.concerns?.(event) === false) return { events: [] }
  const context = { ...testContext(given), ...(waited ? { waited } : {}) }
  const result = await service.handle(event, dependencies, context)
  return 'events' in result ? result : { events: result }
}

/** The images of the example drop, of which there is one, planned and registered as it is said. */
export function imagesWith(image: ImagePlan, registrations: readonly Registration[]): DropImage[] {
  return dropBlessed.example.images.map((one) => ({ ...one, image, registrations: [...registrations] }))
}
