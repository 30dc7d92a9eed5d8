import type { Progress } from '#bus/bus.ts'
import type { FailureClass } from '#events/vocabulary.ts'

/** What a version is found by again, whichever event asks for it. */
export interface VersionName {
  readonly drop: string
  /** As people type it: `ec2.x86_64`. */
  readonly image: string
  /** Id of the product. */
  readonly product: string
  readonly ami: string
  /** Unique within the product. */
  readonly title: string
}

/** A version of a product that is wanted. */
export interface VersionOrder extends VersionName {
  /** The `DetailsDocument` of its change. */
  readonly details: object
}

/** Where a version stands. */
export type Standing =
  /** Another change of the product is under way, as AWS words it. */
  | { readonly state: 'queued'; readonly behind: string }
  | { readonly state: 'validating' | 'validated' | 'in review'; readonly changeSet: string }
  | { readonly state: 'live'; readonly changeSet: string | null; readonly deliveryOption: string }
  /** It cannot become one; the reason has AWS's codes and words. */
  | { readonly state: 'refused'; readonly class: FailureClass; readonly reason: string }

/** Change sets that had failed before a job began, by version: what failed in an earlier try is no answer to this one. */
export type Past = readonly string[]

export interface Listed {
  readonly standing: Standing
  readonly past: Past
}

export interface Withdrawn {
  /** What has to come before the next step; null when all is done. */
  readonly waitsFor: string | null
  readonly past: Past
}

/** What a job hands to the operations. */
export interface CloudContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly logFolder: string
}

/**
 * What we ask of the Marketplace. Each operation may be cut off at any instruction and asked again, also while another
 * process is at it: it looks for what is there and does the next thing. None waits for a review. Throws TransientError,
 * PermanentError.
 */
export interface Cloud {
  /** Takes a version one step on, from validated to applied where that is wanted, and tells where it stands. */
  list(
    order: VersionOrder,
    how: { readonly apply: boolean; readonly past: Past | null },
    context: CloudContext,
  ): Promise<Listed>
  /** Takes a version one step back: cancels its change, or restricts what is live. */
  withdraw(version: VersionName, past: Past | null, context: CloudContext): Promise<Withdrawn>
}
