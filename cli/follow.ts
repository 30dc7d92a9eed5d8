import type { JobProgress } from '#bus/bus.ts'
import { readDrop } from '#drop/read.ts'
import type { DropState } from '#drop/state.ts'
import { progressKey } from '#drop/view-step.ts'
import { viewDrop, type DropView } from '#drop/view.ts'
import type { Job } from '#ledger/ledger.ts'
import type { Step } from '#service/step.ts'
import { findRequestedDrop, type Found } from './requested-drop.ts'
import type { Stack } from './stack.ts'
import { readPublished } from './view/published.ts'
import { reportEarlier, reportFailed, reportPublished } from './view/report.ts'
import type { Screen } from './view/screen.ts'

/** Where a drop is looked at. */
export type Lookout = Pick<Stack, 'ledger' | 'bus' | 'stateFolder'>

/** How a followed drop ended. */
export type Followed = 'announced' | 'failed'

interface FollowOptions {
  readonly requestId: string
  readonly composeId: string
  readonly steps: readonly Step[]
  readonly screen: Screen
}

/** Shows a requested drop until it is announced and nothing of it is left to do now, or until it cannot go on by itself. */
export async function followDrop(lookout: Lookout, options: FollowOptions): Promise<Followed> {
  const { ledger, bus, stateFolder } = lookout
  const { requestId, composeId, steps, screen } = options
  const { promise, resolve, reject } = Promise.withResolvers<Followed>()
  let found: Found | null = null
  let known: { state: DropState; jobs: readonly Job[] } | null = null
  const live = new Map<string, JobProgress>()
  const seen = new Set<number>()

  async function catchUp(): Promise<void> {
    found ??= await findRequestedDrop(lookout, { requestId, composeId })
    if (!found) return
    const { drop } = found
    // The scheduler's memory first: what led to it is in the events that are read after it.
    const state = await readDrop(ledger, drop)
    await showEvents(drop)
    known = { state, jobs: await ledger.jobs({ drop }) }
    const view = show()
    // What only waits goes on for as long as the drop stands: its images are looked at day by day.
    if (view?.phase === 'announced' && known.jobs.every((job) => isOver(job) || job.state === 'waiting'))
      resolve('announced')
    else if (view && isStuck(view) && (await isQuiet(drop))) resolve('failed')
  }

  /** Of a drop of before this run, only what is new is shown. */
  async function showEvents(drop: string): Promise<void> {
    const events = await ledger.events({ drop })
    const isFirst = seen.size === 0
    if (isFirst && found?.isEarlier === true) {
      for (const { seq } of events) seen.add(seq)
      return
    }
    // All of them each time: in a shared database an earlier number may become visible after a later one.
    for (const { seq, envelope } of events) {
      if (seen.has(seq)) continue
      seen.add(seq)
      screen.event(envelope)
    }
  }

  function show(): DropView | null {
    const view = known && viewDrop(known.state, { steps, jobs: known.jobs, live })
    if (view) screen.show(view)
    return view
  }

  /** Nothing is on its way any more: a failed drop that somebody retries is not over. */
  async function isQuiet(drop: string): Promise<boolean> {
    const { outbox } = await ledger.backlog(new Date())
    const jobs = await ledger.jobs({ drop })
    const said = await ledger.events({ drop })
    return outbox === 0 && jobs.every(isOver) && said.every(({ seq }) => seen.has(seq))
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

  using _events = ledger.watch(
    (where) => {
      if (typeof where === 'string' || where.service === 'scheduler') wake()
    },
    { follows: true },
  )
  using _progress = bus.watch((progress) => {
    if (found && progress.drop === found.drop) live.set(progressKey(progress), progress)
    if (progress.state === 'running') show()
    // Not every job that ends says something, and its end may be the last that happens.
    else wake()
  })
  wake()
  const result = await promise
  screen.end(await reportEnd(result))
  return result

  async function reportEnd(result: Followed): Promise<string[]> {
    const view = show()
    if (!view || result === 'failed') return view ? reportFailed(view, stateFolder) : []
    const published = await readPublished(ledger, view.drop)
    if (!published) return []
    return found?.isEarlier === true && found.wasOver
      ? reportEarlier(published, stateFolder)
      : reportPublished(published, stateFolder)
  }
}

function isOver({ state }: Job): boolean {
  return state !== 'queued' && state !== 'running' && state !== 'waiting'
}

/** It goes no further without a person. A milestone that waits for its blessing is followed on. */
function isStuck({ phase, waitsForPerson, passed, total }: DropView): boolean {
  const isOver = phase === 'cancelled' || phase === 'unchanged' || phase === 'superseded'
  return phase === 'failed' || isOver || (waitsForPerson && passed < total)
}
