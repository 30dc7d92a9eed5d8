import { readDrop } from '#drop/read.ts'
import { phaseOf } from '#drop/phase.ts'
import { dropScheduled, type DropScheduled } from '#events/drop-scheduled.ts'
import type { Envelope } from '#events/envelope.ts'
import type { Stack } from './stack.ts'

/** The drop that a request led to. */
export interface Found {
  readonly drop: string
  /** It was there before the request. */
  readonly isEarlier: boolean
  /** It was announced before the request. */
  readonly wasOver: boolean
}

/**
 * The drop that a request led to, or the one that its compose has already; null as long as that is not known. Throws
 * when there will be none.
 */
export async function findRequestedDrop(
  { ledger, stateFolder }: Pick<Stack, 'ledger' | 'stateFolder'>,
  { requestId, composeId }: { requestId: string; composeId: string },
): Promise<Found | null> {
  // The job first: its events are there when it is over, and not the other way round.
  const [job] = await ledger.jobs({ service: 'scheduler', eventId: requestId })
  const scheduled = (await ledger.events({ subject: dropScheduled.subject, limit: 100_000 })) as {
    envelope: Envelope<string, DropScheduled>
  }[]
  const mine = scheduled.findLast(({ envelope }) => envelope.causation === requestId)
  if (mine) return { drop: mine.envelope.body.drop, isEarlier: false, wasOver: false }
  if (!job || job.state === 'queued' || job.state === 'running' || job.state === 'waiting') return null
  const earlier = scheduled.findLast(({ envelope }) => envelope.body.compose.id === composeId)
  if (earlier) {
    const { drop } = earlier.envelope.body
    return { drop, isEarlier: true, wasOver: phaseOf(await readDrop(ledger, drop)) === 'announced' }
  }
  throw new Error(job.error ?? `${composeId} leads to no drop; the reason is in ${stateFolder}/logs/imagedrop.log`)
}
