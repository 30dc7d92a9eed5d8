import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventDefinition } from '#events/define.ts'
import type { WakingEvent } from '#service/define.ts'

const root = join(import.meta.dirname, '..')

/** A service as its service.ts declares it. */
export interface DeclaredService {
  readonly name: string
  readonly consumes: readonly EventDefinition[]
  readonly emits: readonly EventDefinition[]
  readonly wakes?: readonly WakingEvent[]
}

/** The names of the service folders. */
export async function serviceFolders(): Promise<string[]> {
  const entries = await readdir(join(root, 'services'), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

/** What every service.ts declares, in the order of the pipeline. */
export async function declaredServices(): Promise<DeclaredService[]> {
  const declared = await Promise.all((await serviceFolders()).map(declaration))
  const order = ['scheduler', 'builder', 'converter', 'boot-tester', 'ec2-publisher', 'mirror-publisher', 'announcer']
  return declared.toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name))
}

async function declaration(folder: string): Promise<DeclaredService> {
  const module = (await import(join(root, 'services', folder, 'service.ts'))) as Record<string, unknown>
  const service = Object.values(module).find(isService)
  if (!service) throw new Error(`services/${folder}/service.ts exports no service`)
  return service
}

function isService(value: unknown): value is DeclaredService {
  return typeof value === 'object' && value !== null && 'consumes' in value && 'emits' in value && 'name' in value
}
