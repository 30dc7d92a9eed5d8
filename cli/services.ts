import type { Interest } from '#bus/bus.ts'
import { foreignEvents } from '#events/index.ts'
import { operatorRequests } from '#events/operator.ts'
import type { ServiceDefinition } from '#service/define.ts'
import type { Assemble } from '#service/host.ts'
import { inboxOf } from '#service/inbox.ts'
import { UsageError } from './usage.ts'

/** The services in the order of the pipeline. */
export const serviceNames = [
  'scheduler',
  'builder',
  'converter',
  'boot-tester',
  'ec2-publisher',
  'mirror-publisher',
  'announcer',
] as const
export type ServiceName = (typeof serviceNames)[number]

export function parseServiceName(name: string): ServiceName {
  const known = serviceNames.find((one) => one === name)
  if (!known) throw new UsageError(`there is no service ${JSON.stringify(name)}; there are ${serviceNames.join(', ')}`)
  return known
}

/** The function by which a service's main.ts puts it together. Only services that run here are loaded. */
export async function importAssemble(name: ServiceName): Promise<Assemble> {
  const module = (await import(`../services/${name}/main.ts`)) as { assemble: Assemble }
  return module.assemble
}

/** What each service's inbox takes in, so that a broker can keep it before the service first runs. */
export async function interests(): Promise<Interest[]> {
  return await Promise.all(serviceNames.map(async (name) => inboxOf(await importDefinition(name))))
}

/** What may stand in the ledger's outbox: what each service says, and what operators ask. */
export async function words(): Promise<{ service: string | null; subject: string }[]> {
  const definitions = await Promise.all(serviceNames.map(importDefinition))
  const foreign = new Set<string>(foreignEvents.map(({ subject }) => subject))
  return [
    ...operatorRequests.map(({ subject }) => ({ service: null, subject })),
    ...definitions.flatMap(({ name, emits, consumes }) =>
      // The version before put composes there that were handed in to it.
      [...emits, ...consumes.filter(({ subject }) => foreign.has(subject))].map(({ subject }) => ({
        service: name,
        subject,
      })),
    ),
  ]
}

async function importDefinition(name: ServiceName): Promise<ServiceDefinition> {
  const module = (await import(`../services/${name}/service.ts`)) as Record<string, unknown>
  const definition = Object.values(module).find((value) => isDefinition(value, name))
  if (!definition) throw new Error(`services/${name}/service.ts exports no service ${name}`)
  return definition as ServiceDefinition
}

function isDefinition(value: unknown, name: ServiceName): boolean {
  return typeof value === 'object' && value !== null && 'consumes' in value && 'name' in value && value.name === name
}
