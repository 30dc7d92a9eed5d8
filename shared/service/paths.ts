import { say, type EventDefinition } from '#events/define.ts'
import { seal } from '#events/envelope.ts'

/** What a service declares of its place among the others. */
export interface Linked {
  readonly name: string
  readonly consumes: readonly EventDefinition[]
  readonly emits: readonly EventDefinition[]
  readonly keyOf?: ((event: never) => string | null) | null
}

/**
 * The ways that work takes from a service on, as names of services, itself first: `builder, converter` and `builder, boot-tester,
 * ec2-publisher`. Each hears what the one before it says. Those that do one job of a key after the other work on drops, not on images.
 */
export function pathsFrom(first: Linked, services: readonly Linked[]): string[][] {
  const others = services.filter(({ name }) => name !== first.name)
  const said = new Set(first.emits.map(({ subject }) => subject))
  const next = others.filter((one) =>
    one.consumes.some((event) => said.has(event.subject) && !waitsForOthers(one, event)),
  )
  if (next.length === 0) return [[first.name]]
  return next.flatMap((one) => pathsFrom(one, others)).map((path) => [first.name, ...path])
}

/** Whether a service does jobs on such an event one after the other. */
function waitsForOthers({ keyOf }: Linked, event: EventDefinition): boolean {
  if (!keyOf) return false
  return keyOf(seal(say(event, event.example), { now: new Date(0) }) as never) !== null
}
