import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { ArtifactStore } from '#artifacts/store.ts'
import type { Said } from '#events/define.ts'
import type { BoundService } from './define.ts'
import type { ClaimedDrop } from './audit.ts'
import type { Claimant } from './claims.ts'
import type { Step } from './step.ts'
import type { TrustPolicy } from './trust.ts'

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
  /** What the ledger says that a publisher has published, for its audit; absent where there is no ledger to ask. */
  readonly claimsOf?: (claimant: Claimant) => Promise<readonly ClaimedDrop[]>
  /** The environment, read by each service's config.ts and nowhere else. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Says an event of the service that no job said; the same `seed` makes the same event, said once. Resolves with its id
 * when it is durable.
 */
export type Say = (event: Said, seed?: string) => Promise<string>

/**
 * Puts what was handed in, or found, into the inboxes of this process, without saying it to others: whoever calls this
 * vouches for the sender. Resolves with its id when it is durable.
 */
export type TakeIn = (event: Said, from: { readonly sender: string; readonly seed?: string }) => Promise<string>

/** How a service brings events in or out besides its jobs. */
export interface Voice {
  readonly say: Say
  readonly takeIn: TakeIn
}

/** A service with everything that it needs, as its main.ts puts it together. */
export interface Assembled {
  readonly service: BoundService
  /** Work that no event starts (a clock, a poll). Runs until the signal aborts. */
  readonly background?: (voice: Voice, signal: AbortSignal) => Promise<void>
  /** Adds the service's own HTTP routes to those for health. */
  readonly routes?: (app: FastifyInstance, voice: Voice) => void
  /** Whom it believes; without it, services only, and what operators ask in the ledger. */
  readonly trust?: TrustPolicy
  /** The target that it audits by itself, so that others can be told what it found last. */
  readonly audits?: string
  readonly close?: () => Promise<void>
}

export type Assemble = (host: Host) => Promise<Assembled>
