import type { DropExpired } from '#events/drop-expired.ts'
import type { DropSuperseded } from '#events/drop-superseded.ts'
import { everyEventOf } from '#ledger/every-event.ts'
import type { Ledger } from '#ledger/ledger.ts'

/** A drop that has ended for good: nobody can take it up again. */
export interface EndedDrop {
  readonly drop: string
  readonly endedAt: string
}

interface EndedOptions {
  /** Those that ended later stay: publishers may still be withdrawing them. */
  readonly before: Date
  /** So many of the newest of each kind in a release stay. */
  readonly keep: number
}

type End = { readonly endedAt: string } & Pick<DropExpired | DropSuperseded, 'drop' | 'kind' | 'milestone' | 'compose'>

/** The drops that were superseded or have expired, as far as nobody works on them any more. */
export async function readEndedDrops(
  ledger: Pick<Ledger, 'events' | 'jobs'>,
  { before, keep }: EndedOptions,
): Promise<EndedDrop[]> {
  const ends: End[] = []
  for await (const { envelope } of everyEventOf(ledger, ['drop.superseded.v1', 'drop.expired.v1'])) {
    const { drop, kind, milestone, compose } = envelope.body as DropExpired | DropSuperseded
    ends.push({ drop, kind, milestone, compose, endedAt: envelope.time })
  }
  const jobs = await ledger.jobs({ states: ['queued', 'running', 'waiting'] })
  const busy = new Set(jobs.map(({ drop }) => drop))
  const byKind = Map.groupBy(ends, ({ kind, milestone, compose: { short, version } }) =>
    [short, version, kind, milestone].join(' '),
  )
  return [...byKind.values()]
    .flatMap((some) => some.toSorted(newestFirst).slice(keep))
    .filter(({ drop, endedAt }) => new Date(endedAt) < before && !busy.has(drop))
    .map(({ drop, endedAt }) => ({ drop, endedAt }))
}

function newestFirst({ compose: one }: End, { compose: other }: End): number {
  return Number(other.date) - Number(one.date) || other.respin - one.respin
}
