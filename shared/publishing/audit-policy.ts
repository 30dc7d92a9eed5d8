import { z } from 'zod'
import { auditKey, type ClaimedDrop } from '#service/audit.ts'
import type { Claimant } from '#service/claims.ts'
import type { ScheduledAudit } from './scheduled-audit.ts'

/** The settings of a publisher that audits its target by itself. */
export const auditSettings = {
  /** Every so many days, all places are compared with the ledger; 0 for never. */
  auditDays: z.coerce.number().int().min(0).max(365).default(1),
  /** What is ours to mend is mended then. */
  auditRepair: z.stringbool().default(false),
}

/** How a publisher audits its target by itself, but for the look. */
export type AuditPolicy = Pick<ScheduledAudit, 'everyDays' | 'repair' | 'claims'>

interface Settings {
  readonly auditDays: number
  readonly auditRepair: boolean
}

/** What the settings say. Where there is no ledger to ask, nothing is claimed, and nothing looked at. */
export function auditPolicy(
  { auditDays, auditRepair }: Settings,
  claimant: Claimant,
  claimsOf?: (claimant: Claimant) => Promise<readonly ClaimedDrop[]>,
): AuditPolicy {
  return {
    everyDays: auditDays,
    repair: auditRepair,
    claims: async () => (await claimsOf?.(claimant)) ?? [],
  }
}

/** Never. */
export const noAudit: AuditPolicy = { everyDays: 0, repair: false, claims: () => Promise.resolve([]) }

/** The key of a publisher's jobs: one audit after the other, with a memory; all else is independent. */
export function auditKeyOf({ subject }: { readonly subject: string }): string | null {
  return subject === 'cadence.reached.v1' ? auditKey : null
}
