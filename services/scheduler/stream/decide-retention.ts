import type { Policy } from '../policy/policy.ts'
import { daysBetween } from './cadence.ts'
import type { DropRecord } from './state.ts'

/** What the retention policy says of a drop. */
export interface Retained {
  readonly drop: DropRecord
  /** What is said when it is to go; null when it stays. */
  readonly goes: {
    readonly keptDays: number
    readonly keptNewest?: number
    /** Only if nobody has blessed it. */
    readonly onlyUnblessed: boolean
  } | null
  /** Why it goes or stays, for people. */
  readonly why: string
}

interface RetentionOptions {
  readonly retention: Policy['retention']
  readonly now: Date
}

/**
 * Says of each drop of a stream that is not over whether it is to go. The newest open one of its kind never is: there is always
 * something to use.
 */
export function decideRetention(drops: readonly DropRecord[], { retention, now }: RetentionOptions): Retained[] {
  const left = drops.filter(({ told, standing }) => told !== 'expired' && standing !== 'over')
  return left.map((drop) => ({ drop, ...decideOne(drop, left, { retention, now }) }))
}

function decideOne(
  drop: DropRecord,
  others: readonly DropRecord[],
  { retention, now }: RetentionOptions,
): Pick<Retained, 'goes' | 'why'> {
  const age = daysBetween(drop.scheduledAt, now)
  const kept = retention[drop.milestone ?? (drop.kind === 'nightly' ? 'nightly' : 'weekly')]
  const newer = others.filter((one) => one.standing === 'open' && isNewer(one, drop)).length
  if (drop.standing === 'open' && newer === 0) return { goes: null, why: 'it is the newest open one of its kind' }
  const { unblessed } = retention
  if (drop.kind === 'milestone' && drop.standing === 'closed' && unblessed !== 'forever' && age >= unblessed) {
    const isTold = drop.told === 'unblessed'
    const goes = isTold ? null : { keptDays: unblessed, onlyUnblessed: true }
    if (goes) return { goes, why: `nobody blessed it within ${String(unblessed)} days` }
  }
  if (kept === 'forever') return { goes: null, why: 'its kind is kept for ever' }
  if (typeof kept === 'object') {
    const { newest } = kept
    return newer >= newest
      ? {
          goes: { keptDays: age, keptNewest: newest, onlyUnblessed: false },
          why: `${String(newer)} newer ones are open`,
        }
      : { goes: null, why: `it is among the newest ${String(newest)}` }
  }
  return age >= kept
    ? { goes: { keptDays: kept, onlyUnblessed: false }, why: `it is ${String(age)} days old` }
    : { goes: null, why: `it is kept for ${String(kept)} days and is ${String(age)} days old` }
}

/** Whether one is of the same kind and of a newer compose. */
function isNewer(one: DropRecord, other: DropRecord): boolean {
  if (one.kind !== other.kind || one.milestone !== other.milestone) return false
  return one.date === other.date ? one.respin > other.respin : one.date > other.date
}
