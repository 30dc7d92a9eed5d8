import { readDrop } from '#drop/read.ts'
import type { Phase } from '#drop/phase.ts'
import { viewDrop, type DropView } from '#drop/view.ts'
import type { Envelope } from '#events/envelope.ts'
import { everyEvent } from '#ledger/every-event.ts'
import type { Ledger } from '#ledger/ledger.ts'
import type { Step } from '#service/step.ts'

/** One drop in the list of all. */
export interface ListedDrop {
  readonly drop: string
  readonly compose: string
  readonly kind: string
  readonly state: Phase
  readonly passed: number
  readonly images: number
  /** When it came to this state, ISO 8601. */
  readonly since: string
  /** What it waits for; null when nothing more is to come. */
  readonly waitsFor: string | null
}

/** All drops, the newest last. */
export async function listDrops(ledger: Ledger, steps: readonly Step[]): Promise<ListedDrop[]> {
  const turns = await readTurns(ledger)
  const drops = [...turns].flatMap(([drop, { scheduled }]) => (scheduled ? [drop] : []))
  const listed: ListedDrop[] = []
  for (const drop of drops) {
    const view = viewDrop(await readDrop(ledger, drop), { steps, jobs: [] })
    if (view) listed.push(describe(view, turns.get(drop)?.last ?? ''))
  }
  return listed
}

/** The events with which a drop comes to another state. */
const turning = ['scheduled', 'ready', 'staged', 'blessed', 'mirrored', 'published', 'announced', 'failed'].concat([
  'cancelled',
  'unchanged',
  'retry.requested',
  'superseded',
  'expired',
])

interface Turns {
  readonly scheduled: boolean
  readonly last: string
}

async function readTurns(ledger: Ledger): Promise<Map<string, Turns>> {
  const turns = new Map<string, Turns>()
  for (const name of turning) {
    for await (const { envelope } of everyEvent(ledger, { subject: `drop.${name}.v1` }))
      note(turns, envelope, name === 'scheduled')
  }
  return turns
}

function note(turns: Map<string, Turns>, { drop, time }: Envelope, isScheduled: boolean): void {
  if (drop === null) return
  const known = turns.get(drop)
  const last = known && known.last > time ? known.last : time
  turns.set(drop, { scheduled: isScheduled || known?.scheduled === true, last })
}

function describe(view: DropView, since: string): ListedDrop {
  const { drop, plan, phase, passed, total } = view
  return {
    drop,
    compose: plan.compose.id,
    kind: plan.kind,
    state: phase,
    passed,
    images: total,
    since,
    waitsFor: waitOf(view),
  }
}

function waitOf({ phase, steps, passed, total, waitsForPerson }: DropView): string | null {
  const open = [...new Set(steps.filter((step) => step.state !== 'done').map((step) => step.verb))].join(', ')
  switch (phase) {
    case 'unknown':
      return 'its plan'
    case 'building':
      return `${String(total - passed)} of ${String(total)} images: ${open}`
    case 'ready':
      return 'the mirror'
    case 'staged':
      return waitsForPerson ? 'a blessing' : 'the gate'
    case 'blessed':
    case 'published':
      return open
    case 'failed':
      return 'a person: retry, or bless what passed'
    case 'cancelled':
    case 'unchanged':
    case 'announced':
    case 'superseded':
    case 'expired':
      return null
  }
}
