import type { AuditFinding, AuditReport, ClaimedDrop, ClaimedRegistration } from '#service/audit.ts'
import { messageOf } from '#service/errors.ts'

/** Something that is wrong in a place, and how it is mended if it is ours to mend. */
export interface Wrong extends Omit<AuditFinding, 'place' | 'repair' | 'repaired'> {
  readonly mend: { readonly words: string; readonly act: () => Promise<void> } | null
}

/** Tells what is wrong in a place, and mends what can be if that is wanted. A repair that is refused keeps nobody from the others. */
export async function settleWrong(place: string, wrong: readonly Wrong[], repair: boolean): Promise<AuditFinding[]> {
  const findings: AuditFinding[] = []
  for (const { mend, ...finding } of wrong) {
    const about = { ...finding, place, repair: mend?.words ?? null }
    const trouble = repair && mend !== null ? await mend.act().then(() => null, messageOf) : null
    if (trouble === null) findings.push({ ...about, repaired: repair && mend !== null })
    else findings.push({ ...about, what: `${finding.what}, which could not be mended: ${trouble}`, repaired: false })
  }
  return findings
}

/** A thing in a place that carries our mark. */
export interface Marked {
  readonly id: string
  /** As people know it. */
  readonly what: string
  /** What its mark says; null without. */
  readonly drop: string | null
  readonly image: string | null
  /** Whether a registration is of it. */
  readonly isOf: (registration: ClaimedRegistration) => boolean
  readonly remove: () => Promise<void>
}

/**
 * Says of things with our mark which of them no drop that stands owns. What is of a drop that the ledger does not know may be another
 * imagedrop's: it is told, and never touched.
 */
export function wrongToBeThere(things: readonly Marked[], drops: readonly ClaimedDrop[]): Wrong[] {
  const byName = new Map(drops.map((drop) => [drop.drop, drop]))
  return things.flatMap((thing) => wrongThing(thing, byName))
}

function wrongThing({ id, what, drop, image, isOf, remove }: Marked, drops: ReadonlyMap<string, ClaimedDrop>): Wrong[] {
  const owner = drop === null ? undefined : drops.get(drop)
  if (drop === null || owner?.isUnderway === true) return []
  const about = { drop, id, image, expected: 'not there', found: 'there' }
  if (owner === undefined)
    return [{ ...about, kind: 'unknown', what: `${what} is of ${drop}, which this ledger does not know`, mend: null }]
  const mend = { words: 'it is removed', act: remove }
  if (owner.state === 'ended')
    return [{ ...about, kind: 'left', what: `${what} is still there, and ${drop} has ended`, mend }]
  if (owner.state === 'private' || owner.registrations.some(isOf)) return []
  return [{ ...about, kind: 'unclaimed', what: `${what} is of ${drop}, which does not name it`, mend }]
}

/** A place that could not be looked at is a finding itself. */
export function unseen(place: string, what: string): AuditReport {
  const nothing = { id: null, drop: null, image: null, repair: null, repaired: false }
  return {
    places: [],
    findings: [{ kind: 'unseen', place, ...nothing, expected: 'looked at', found: 'not to be looked at', what }],
  }
}

/** What came of looking at several places. */
export function joinReports(reports: readonly AuditReport[]): AuditReport {
  return {
    places: reports.flatMap(({ places }) => places),
    findings: reports.flatMap(({ findings }) => findings),
  }
}
