import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { Said } from '#events/define.ts'
import type { BoundService } from './define.ts'
import type { Step } from './step.ts'

/** What a process offers to the services that it runs; each service's main.ts takes from it what it needs. */
export interface Host {
  /** Folder for everything that must outlive the process. */
  readonly stateFolder: string
  readonly artifacts: ArtifactStore
  readonly log: Logger
  readonly now: () => Date
  /** Folders laid out as this project is: where recipes, channels and the like are looked for. Its own is the first. */
  readonly roots: readonly string[]
  /** The steps of the pipeline, as all services declare them. */
  readonly steps: readonly Step[]
  /** The environment, read by each service's config.ts and nowhere else. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Says an event that no job said; the same `seed` makes the same event, said once. Resolves with its id when it is
 * durable.
 */
export type Say = (event: Said, seed?: string) => Promise<string>

/** A service with everything that it needs, as its main.ts puts it together. */
export interface Assembled {
  readonly service: BoundService
  /** Work that no event starts (a clock, a poll). Runs until the signal aborts. */
  readonly background?: (say: Say, signal: AbortSignal) => Promise<void>
  /** Adds the service's own HTTP routes to those for health. */
  readonly routes?: (app: FastifyInstance, say: Say) => void
  readonly close?: () => Promise<void>
}

export type Assemble = (host: Host) => Promise<Assembled>
