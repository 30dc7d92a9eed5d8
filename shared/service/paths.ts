import type { EventDefinition } from '#events/define.ts'

/** What a service declares of its place among the others. */
export interface Linked {
  readonly name: string
  readonly consumes: readonly EventDefinition[]
  readonly emits: readonly EventDefinition[]
  readonly keyOf?: unknown
}

/**
 * The ways that work takes from a service on, as names of services, itself first: `builder, converter` and `builder, boot-tester,
 * ec2-publisher`. Each hears what the one before it says. Those that do one job of a key after the other work on drops, not on images.
 */
export function pathsFrom(first: Linked, services: readonly Linked[]): string[][] {
  const others = services.filter(({ name }) => name !== first.name)
  const said = new Set(first.emits.map(({ subject }) => subject))
  const next = others.filter(({ consumes, keyOf }) => !keyOf && consumes.some(({ subject }) => said.has(subject)))
  if (next.length === 0) return [[first.name]]
  return next.flatMap((one) => pathsFrom(one, others)).map((path) => [first.name, ...path])
}
