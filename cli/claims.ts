import { imagesOf } from '#drop/describe.ts'
import { phaseOf } from '#drop/phase.ts'
import { readDrop } from '#drop/read.ts'
import type { Ledger } from '#ledger/ledger.ts'
import type { ClaimedDrop } from '#service/audit.ts'

/** What the ledger claims of every drop that was ever scheduled. */
export async function readClaims(ledger: Ledger, publishers: readonly string[]): Promise<ClaimedDrop[]> {
  const scheduled = await ledger.events({ subject: 'drop.scheduled.v1', limit: 1_000_000 })
  const names = new Set(scheduled.flatMap(({ envelope }) => envelope.drop ?? []))
  const claims: ClaimedDrop[] = []
  for (const drop of names) {
    const state = await readDrop(ledger, drop)
    const { plan } = state
    if (plan === null) continue
    const phase = phaseOf(state)
    const isPublic = state.published && state.end === null
    const hasEnded = phase === 'superseded' || phase === 'expired' || phase === 'unchanged'
    const jobs = await ledger.jobs({ drop, states: ['queued', 'running', 'waiting'] })
    claims.push({
      drop,
      state: isPublic ? 'public' : hasEnded ? 'ended' : 'private',
      // The job that watches over a published drop is always there.
      isUnderway: !isPublic && jobs.some(({ service }) => publishers.includes(service)),
      registrations: imagesOf({ ...state, plan }).flatMap(({ registrations }) => registrations),
    })
  }
  return claims
}
