import type { Interest } from '#bus/bus.ts'
import { foreignEvents } from '#events/index.ts'
import { operatorRequests } from '#events/operator.ts'
import * as discovery from '#service/discover.ts'
import type { ServiceDefinition } from '#service/define.ts'
import type { Assemble } from '#service/host.ts'
import { interestOf } from '#service/inbox.ts'
import type { Step } from '#service/step.ts'
import { UsageError } from './usage.ts'

/** The services that there are: this project's, and those of the folders that the environment adds. */
export interface Services {
  /** In the order of the pipeline. */
  readonly names: readonly string[]
  readonly steps: readonly Step[]
  readonly roots: readonly string[]
  /** Throws UsageError for a name that is no service's. */
  readonly parse: (name: string) => string
  /** Only services that run here are loaded. */
  readonly assemble: (name: string) => Promise<Assemble>
  /** What another file of its folder exports, as `stand-in.ts`; null when it has none. */
  readonly part: (name: string, file: string) => Promise<Record<string, unknown> | null>
  /** What each service.ts declares; loads them all. */
  readonly definitions: () => Promise<ServiceDefinition[]>
  /** What each service's inbox takes in, so that a broker can keep it before the service first runs. */
  readonly interests: () => Promise<Interest[]>
  /** What may stand in the ledger's outbox: what each service says, and what operators ask. */
  readonly words: () => Promise<{ service: string | null; subject: string }[]>
}

/** Finds the services by their folders. */
export async function findServices(env: Readonly<Record<string, string | undefined>>): Promise<Services> {
  const roots = discovery.readRoots(env)
  const { folders, steps } = await discovery.findServices(roots)
  const names = folders.map(({ name }) => name)

  function find(name: string) {
    const known = folders.find((one) => one.name === name)
    if (!known) throw new UsageError(`there is no service ${JSON.stringify(name)}; there are ${names.join(', ')}`)
    return known
  }
  const definitions = () => discovery.readDefinitions(folders)
  return {
    names,
    steps,
    roots,
    parse: (name) => find(name).name,
    assemble: (name) => discovery.importAssemble(find(name)),
    part: (name, file) => discovery.importPart(find(name), file),
    definitions,
    interests: async () => (await definitions()).map(interestOf),
    words: async () => wordsOf(await definitions()),
  }
}

/** What may stand in the ledger's outbox. */
function wordsOf(definitions: readonly ServiceDefinition[]): { service: string | null; subject: string }[] {
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
