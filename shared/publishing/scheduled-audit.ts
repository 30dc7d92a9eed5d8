import { cloudAudited, type StandingFinding } from '#events/cloud-audited.ts'
import { say, type BodyOf } from '#events/define.ts'
import type { cadenceReached } from '#events/cadence.ts'
import type { Target } from '#events/vocabulary.ts'
import { auditState, type AuditFinding, type AuditReport, type AuditState, type ClaimedDrop } from '#service/audit.ts'
import type { Context, Waited, WaitFor } from '#service/define.ts'

const day = 86_400_000
const second = 1_000
/** What an event has room for. */
const most = 200

/** How a publisher audits its target by itself. */
export interface ScheduledAudit {
  readonly target: Target
  /** 0 for never. */
  readonly everyDays: number
  /** What is ours to mend is mended. */
  readonly repair: boolean
  readonly claims: () => Promise<readonly ClaimedDrop[]>
  readonly look: (drops: readonly ClaimedDrop[], repair: boolean) => Promise<AuditReport>
}

type AuditContext = Pick<Context, 'now' | 'log'> & { readonly state: unknown; readonly waited?: Waited }

/**
 * Audits a target when the day's hour has come and the last audit is long enough ago, and says what has changed since. What
 * stands is said once, and once more when it is over. A repair comes after what it repairs was said: so also one that is
 * killed in the middle is told.
 */
export async function auditAtCadence(
  { stream }: BodyOf<typeof cadenceReached>,
  { target, everyDays, repair, claims, look }: ScheduledAudit,
  { state, waited, now, log }: AuditContext,
) {
  const before = auditState.parse(state ?? null)
  if (stream !== null) return { events: [] }
  if (everyDays === 0) return before === null ? { events: [] } : { events: [], state: null }
  if (!waited && before !== null && daysSince(before.at, now()) < everyDays) return { events: [] }
  const drops = await claims()
  if (before === null && drops.every(({ registrations }) => registrations.length === 0)) return { events: [] }
  // The policy may have changed while the job waited.
  const isRepair = waited !== undefined && repair
  const report = await sureOf(await look(drops, isRepair), claims)
  const at = now()
  const { findings, ended } = compare(before?.findings ?? [], report, { at: at.toISOString(), isRepair })
  const after: AuditState = {
    at: at.toISOString(),
    due: new Date(at.getTime() + everyDays * day).toISOString(),
    findings,
  }
  log.info({ target, places: report.places, findings: findings.length, ended: ended.length }, 'audited')
  const isNews = ended.length > 0 || findings.some(({ since }) => since === after.at)
  const events = isNews ? [sayAudited(target, report, { ...after, ended })] : []
  if (isRepair || !repair || findings.every((one) => one.repair === null)) return { events, state: after }
  return { events, state: after, wait: waitForRepair(at) }
}

/** Whole ones: the hour is the same each day, the minute is not, as others may be before us in the queue. */
function daysSince(time: string, now: Date): number {
  return Math.round((now.getTime() - Date.parse(time)) / day)
}

/** A drop may have begun after the claims were read, and is known now. */
async function sureOf(report: AuditReport, claims: ScheduledAudit['claims']): Promise<AuditReport> {
  if (report.findings.every(({ kind }) => kind !== 'unknown')) return report
  const known = new Set((await claims()).map(({ drop }) => drop))
  const isSure = ({ kind, drop }: AuditFinding) => kind !== 'unknown' || drop === null || !known.has(drop)
  return { ...report, findings: report.findings.filter(isSure) }
}

interface Ended extends StandingFinding {
  readonly repaired: boolean
}

/** What stands now, the newest first, and what is over. Of a place that could not be looked at, what stood there stands. */
function compare(
  before: readonly StandingFinding[],
  { findings }: AuditReport,
  { at, isRepair }: { readonly at: string; readonly isRepair: boolean },
) {
  const earlier = new Map(before.map((one) => [keyOf(one), one]))
  const found = findings.map(({ repaired, ...one }) => ({
    repaired,
    finding: { ...one, since: earlier.get(keyOf(one))?.since ?? at },
  }))
  const unseen = new Set(findings.flatMap(({ kind, place }) => (kind === 'unseen' ? [place] : [])))
  const seen = new Set(found.map(({ finding }) => keyOf(finding)))
  const others = before.filter((one) => !seen.has(keyOf(one)))
  const standing = [
    ...found.flatMap(({ repaired, finding }) => (repaired ? [] : [finding])),
    ...others.filter(({ place }) => unseen.has(place)),
  ]
  const ended: Ended[] = [
    ...found.flatMap(({ repaired, finding }) => (repaired ? [{ ...finding, repaired }] : [])),
    // What could be mended and is gone when we come to mend it: an earlier try was killed after it.
    ...others
      .filter(({ place }) => !unseen.has(place))
      .map((one) => ({ ...one, repaired: isRepair && one.repair !== null })),
  ]
  return { findings: standing.toSorted((one, other) => other.since.localeCompare(one.since)), ended }
}

function keyOf({ kind, place, id }: Pick<StandingFinding, 'kind' | 'place' | 'id'>): string {
  return [kind, place, id].join(' ')
}

interface Outcome extends NonNullable<AuditState> {
  readonly ended: readonly Ended[]
}

function sayAudited(target: Target, { places }: AuditReport, { at, findings, ended }: Outcome) {
  return say(cloudAudited, {
    target,
    at,
    places: places.map((one) => ({ ...one })),
    findings: findings.slice(0, most),
    more: Math.max(0, findings.length - most),
    ended: ended.slice(0, most),
  })
}

function waitForRepair(at: Date): WaitFor {
  const until = new Date(at.getTime() + second)
  return { for: null, until, reason: 'the repair of what an audit found', kind: 'planned', state: {} }
}
