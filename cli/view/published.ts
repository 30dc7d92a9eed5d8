import { dropAnnounced, type DropAnnounced } from '#events/drop-announced.ts'
import { dropPublished, type DropPublished } from '#events/drop-published.ts'
import type { Ledger } from '#ledger/ledger.ts'

/** What was said when a drop was published, and who was told of it. */
export interface Published {
  readonly at: string
  readonly body: DropPublished
  readonly told: DropAnnounced['told']
}

/** Reads it from the outbox; null for a drop that is not published. */
export async function readPublished(ledger: Pick<Ledger, 'events'>, drop: string): Promise<Published | null> {
  const said = (await ledger.events({ drop, subject: dropPublished.subject })).at(-1)?.envelope
  if (!said) return null
  const announced = (await ledger.events({ drop, subject: dropAnnounced.subject })).at(-1)?.envelope
  return {
    at: said.time,
    body: said.body as DropPublished,
    told: (announced?.body as DropAnnounced | undefined)?.told ?? [],
  }
}
