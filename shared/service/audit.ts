import type { Registration } from '#events/vocabulary.ts'

/** What the ledger says of a drop: what its publishers are to be held to. */
export interface ClaimedDrop {
  readonly drop: string
  /** Everybody can have its images, nobody yet, or nobody any more. */
  readonly state: 'public' | 'private' | 'ended'
  /** A publisher is at work on it, or waits to go on: what is half done is no finding. */
  readonly isUnderway: boolean
  /** In all targets. */
  readonly registrations: readonly Registration[]
}

/** One thing that is not as the ledger says. */
export interface AuditFinding {
  readonly place: string
  readonly drop: string | null
  /** What is wrong, with ids. */
  readonly what: string
  /** What a repair does; null for what a person has to decide. */
  readonly repair: string | null
  readonly repaired: boolean
}

interface AuditOptions {
  readonly drops: readonly ClaimedDrop[]
  readonly repair: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/**
 * How a publisher's target is compared with the ledger. A service brings it in `audit.ts`, as `audit`; `imagedrop audit` finds
 * it there. It changes nothing without `repair`, and never what no drop of this ledger owns.
 */
export interface Audit {
  /** Of the service, as plans name it. */
  readonly target: string
  readonly run: (options: AuditOptions) => Promise<readonly AuditFinding[]>
}
