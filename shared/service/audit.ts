import { z } from 'zod'
import { auditFinding, standingFinding } from '#events/cloud-audited.ts'
import type { Registration } from '#events/vocabulary.ts'

/** What the ledger says of a drop: what its publisher is to be held to. */
export interface ClaimedDrop {
  readonly drop: string
  /** Everybody can have its images, nobody yet, or nobody any more. */
  readonly state: 'public' | 'private' | 'ended'
  /** The publisher is at work on it, or waits to go on: what is half done is no finding. */
  readonly isUnderway: boolean
  readonly registrations: readonly ClaimedRegistration[]
}

/** An image in one place, by what was last said of it. */
export interface ClaimedRegistration extends Registration {
  /** `ec2.x86_64` */
  readonly image: string
  /** It was said to be public, here or elsewhere. A published drop may have images that failed, and stay private. */
  readonly isPublic: boolean
}

/** One thing that is not as the ledger says. */
export type AuditFinding = Readonly<z.infer<typeof auditFinding>> & { readonly repaired: boolean }

/** What came of a look: how much was looked at in each place, and what is not as the ledger says. */
export interface AuditReport {
  readonly places: readonly { readonly place: string; readonly looked: number }[]
  readonly findings: readonly AuditFinding[]
}

/** The same, as it comes from another process. */
export const auditReport: z.ZodType<AuditReport> = z.object({
  places: z.array(z.object({ place: z.string(), looked: z.int() })),
  findings: z.array(auditFinding.extend({ repaired: z.boolean() })),
})

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
  readonly run: (options: AuditOptions) => Promise<AuditReport>
}

/** The key of what a publisher keeps of its last audit. */
export const auditKey = 'audit'

/** What a publisher keeps of its last audit; null before the first, and when its policy wants none. */
export const auditState = z
  .object({
    at: z.iso.datetime(),
    /** When the next one is due. */
    due: z.iso.datetime(),
    findings: z.array(standingFinding),
  })
  .nullable()
export type AuditState = z.infer<typeof auditState>
