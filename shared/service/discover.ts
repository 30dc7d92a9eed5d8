import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { ownEvents } from '#events/index.ts'
import { InvalidConfig } from './config.ts'
import type { ServiceDefinition } from './define.ts'
import type { Assemble } from './host.ts'
import type { Step } from './step.ts'

/** This project's own folder. */
const house = join(import.meta.dirname, '..', '..')

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The folders that services, recipes and channels are looked for in: this project's own, then those that
 * `IMAGEDROP_EXTENSIONS` names, separated by colons. Each is laid out as this project is: `services/<name>/`,
 * `services/builder/recipes/<recipe>/<flavour>/`, `services/announcer/channels/<channel>/`.
 */
export function readRoots(env: Environment): string[] {
  const extensions = (env['IMAGEDROP_EXTENSIONS'] ?? '').split(delimiter).filter((one) => one !== '')
  const missing = extensions.find((folder) => !existsSync(join(folder, 'services')))
  if (missing !== undefined) {
    throw new InvalidConfig(`IMAGEDROP_EXTENSIONS: expected folders with a folder services, got "${missing}"`)
  }
  return [house, ...extensions.map((folder) => resolve(folder))]
}

/** The folders of this path below the roots, as far as there are any. */
export function foldersBelow(roots: readonly string[], path: string): string[] {
  return roots.map((root) => join(root, path)).filter((folder) => existsSync(folder))
}

/** One service as its folder. */
export interface ServiceFolder {
  readonly name: string
  readonly path: string
}

/** The services of all roots and the steps that they declare, both in the order of the pipeline. Loads no service. */
export async function findServices(
  roots: readonly string[],
): Promise<{ readonly folders: readonly ServiceFolder[]; readonly steps: readonly Step[] }> {
  const folders = serviceFolders(roots)
  const steps = await readSteps(folders)
  const place = ({ name }: ServiceFolder) => steps.findIndex((step) => step.service === name)
  return { folders: folders.toSorted((one, other) => place(one) - place(other)), steps }
}

/** Of one name, the service of the first root holds. */
function serviceFolders(roots: readonly string[]): ServiceFolder[] {
  const found = roots.flatMap((root) =>
    readdirSync(join(root, 'services'))
      .map((name) => ({ name, path: join(root, 'services', name) }))
      .filter(({ path }) => existsSync(join(path, 'service.ts'))),
  )
  return found.filter(({ name }, index) => found.findIndex((one) => one.name === name) === index)
}

async function readSteps(folders: readonly ServiceFolder[]): Promise<Step[]> {
  const steps = await Promise.all(
    folders
      .filter(({ path }) => existsSync(join(path, 'step.ts')))
      .map(async ({ path }) => ((await import(join(path, 'step.ts'))) as { step: Step }).step),
  )
  const order = new Map(ownEvents.map((event, index) => [event.subject as string, index]))
  const place = ({ follows }: Step) => order.get(follows) ?? order.size
  return steps.toSorted((one, other) => place(one) - place(other) || (one.service < other.service ? -1 : 1))
}

/** What each service.ts declares. */
export async function readDefinitions(folders: readonly ServiceFolder[]): Promise<ServiceDefinition[]> {
  return await Promise.all(folders.map(readDefinition))
}

/** What this project's own services declare, in the order of the pipeline. */
export async function readHouse(): Promise<ServiceDefinition[]> {
  return await readDefinitions((await findServices(readRoots({}))).folders)
}

async function readDefinition({ name, path }: ServiceFolder): Promise<ServiceDefinition> {
  const module = (await import(join(path, 'service.ts'))) as Record<string, unknown>
  const definition = Object.values(module).find((value) => isDefinition(value, name))
  if (!definition) throw new Error(`${path}/service.ts exports no service with the name ${name}`)
  return definition as ServiceDefinition
}

/** The function by which a service's main.ts puts it together. */
export async function importAssemble({ path }: ServiceFolder): Promise<Assemble> {
  return ((await import(join(path, 'main.ts'))) as { assemble: Assemble }).assemble
}

/** What another file of a service's folder exports; null when it has no such file. */
export async function importPart({ path }: ServiceFolder, file: string): Promise<Record<string, unknown> | null> {
  const program = join(path, file)
  return existsSync(program) ? ((await import(program)) as Record<string, unknown>) : null
}

function isDefinition(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && 'consumes' in value && 'name' in value && value.name === name
}
