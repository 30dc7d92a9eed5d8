import type { EventDefinition } from '#events/define.ts'

interface Declared {
  readonly name: string
  readonly emits: readonly EventDefinition[]
}

/** Who says an event: the services that declare it, and those outside of them. */
export function speakersOf(event: EventDefinition, services: readonly Declared[]): string[] {
  const names = services
    .filter(({ emits }) => emits.some((one) => one.subject === event.subject))
    .map(({ name }) => name)
  return event.outside === undefined ? names : [...names, event.outside]
}
