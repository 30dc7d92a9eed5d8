import { dropScheduled, type DropScheduled } from '#events/drop-scheduled.ts'
import type { Envelope } from '#events/envelope.ts'
import type { Stack } from './stack.ts'

/** Where a drop is looked at. */
export type Lookout = Pick<Stack, 'ledger' | 'bus' | 'stateFolder'>
import { applyEvent, applyProgress, createDropView, type DropState, type DropView } from './view/drop-view.ts'
import { reportFailed, reportPublished } from './view/report.ts'
import type { Screen } from './view/screen.ts'

/** How a followed drop ended. */
export type Followed = 'announced' | 'failed'

interface FollowOptions {
  readonly requestId: string
  readonly composeId: string
  readonly screen: Screen
}

/** Shows a requested drop until it is announced or cannot go on by itself. */
export async function followDrop(stack: Lookout, { requestId, composeId, screen }: FollowOptions): Promise<Followed> {
  const { promise, resolve, reject } = Promise.withResolvers<Followed>()
  let view: DropView | null = null
  const seen = new Set<number>()

  /** Everything that is shown comes from the outbox, in its order: what was said before this run as well. */
  async function catchUp(): Promise<void> {
    view ??= await findDrop(stack, requestId, composeId)
    if (!view) return
    // All of them: in a shared database an earlier number may become visible after a later one.
    for (const { seq, envelope } of await stack.ledger.events({ drop: view.drop })) {
      if (seen.has(seq)) continue
      seen.add(seq)
      applyEvent(view, envelope)
      screen.event(envelope, view)
    }
    if (view.state === 'announced') resolve('announced')
    else if (stuck.has(view.state) && (await isQuiet(view.drop))) resolve('failed')
  }

  /** Nothing is on its way any more: a failed drop that somebody retries is not over. */
  async function isQuiet(drop: string): Promise<boolean> {
    const { outbox } = await stack.ledger.backlog(new Date())
    const live = await stack.ledger.jobs({ drop, states: ['queued', 'running', 'waiting'] })
    const said = await stack.ledger.events({ drop })
    return outbox === 0 && live.length === 0 && said.every(({ seq }) => seen.has(seq))
  }

  let running: Promise<void> | null = null
  let again = false
  function wake(): void {
    again = true
    running ??= (async () => {
      while (again) {
        again = false
        await catchUp()
      }
    })()
      .catch(reject)
      .finally(() => {
        running = null
        if (again) wake()
      })
  }

  using _events = stack.ledger.watch((where) => {
    if (typeof where === 'string' || where.service === 'scheduler') wake()
  })
  using _progress = stack.bus.watch((progress) => {
    if (view && progress.drop === view.drop) applyProgress(view, progress, Date.now())
    // Not every job that ends says something, and its end may be the end of all.
    if (progress.state !== 'running') wake()
  })
  wake()
  const result = await promise
  const ended = view as DropView | null
  if (ended)
    screen.end(
      result === 'announced' ? reportPublished(ended, stack.stateFolder) : reportFailed(ended, stack.stateFolder),
    )
  return result
}

/** The drop that the request led to, or the one that its compose has already. Throws when there will be none. */
async function findDrop(stack: Lookout, requestId: string, composeId: string): Promise<DropView | null> {
  // The job first: its events are there when it is over, and not the other way round.
  const [job] = await stack.ledger.jobs({ service: 'scheduler', eventId: requestId })
  const scheduled = (await stack.ledger.events({ subject: dropScheduled.subject, limit: 100_000 })) as {
    envelope: Envelope<string, DropScheduled>
  }[]
  const mine = scheduled.findLast(({ envelope }) => envelope.causation === requestId)
  if (mine) return createDropView(mine.envelope.body.drop)
  if (!job || job.state === 'queued' || job.state === 'running' || job.state === 'waiting') return null
  const earlier = scheduled.findLast(({ envelope }) => envelope.body.compose.id === composeId)
  if (earlier) return createDropView(earlier.envelope.body.drop)
  throw new Error(
    job.error ?? `${composeId} leads to no drop; the reason is in ${stack.stateFolder}/logs/imagedrop.log`,
  )
}

/** States from which a drop goes no further by itself. */
const stuck: ReadonlySet<DropState> = new Set(['failed', 'incomplete', 'cancelled', 'superseded'])
