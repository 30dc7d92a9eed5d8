import { randomUUID } from 'node:crypto'
import { expect, vi } from 'vitest'
import { dropBlessed } from '#events/drop-blessed.ts'
import type { DropReady } from '#events/drop-ready.ts'
import type { DropScheduled } from '#events/drop-scheduled.ts'
import { say, type Said } from '#events/define.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageTested, type ImageTested } from '#events/image-tested.ts'
import { blessingRequested, dropRequested } from '#events/operator.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { askInLedger } from '../../cli/ask.ts'
import { candidate, nightly } from '../../services/scheduler/compose/testing/example-messages.ts'
import type { GuardedLine } from './line.ts'

export const patience = { timeout: 60_000, interval: 50 }

/** What was said of a subject. */
export async function said<Body>(ledger: Ledger, subject: string): Promise<Envelope<string, Body>[]> {
  return (await ledger.events({ subject })).map(({ envelope }) => envelope as Envelope<string, Body>)
}

/** Asks for a weekly drop, as a person, and waits until it is announced. */
export async function announceOne({ ledger }: GuardedLine): Promise<void> {
  const message = nightly('43', '20260714')
  await askInLedger(ledger, dropRequested, { topic: 'pungi.compose.status.change', message, images: null })
  await vi.waitFor(async () => {
    expect(await said(ledger, 'drop.announced.v1')).toHaveLength(1)
  }, patience)
}

/** Hands in a milestone, and waits until it is staged and wants the blessing of a person. */
export async function stageMilestone({ ledger, takeIn }: GuardedLine): Promise<{ drop: string }> {
  const body = candidate('45', 'Beta-1.1', '20260710')
  await takeIn({ subject: 'pungi.compose.status.change', body }, { sender: 'api' })
  return await vi.waitFor(async () => {
    const staged = await said(ledger, 'drop.staged.v1')
    const drop = staged.map((event) => event.drop ?? '').find((one) => one.startsWith('milestone'))
    if (drop === undefined) throw new Error('no milestone is staged')
    return { drop }
  }, patience)
}

/** What somebody who is not entitled to it might say of a drop: valid events, of the drop as it is. */
export async function forgeriesOf(ledger: Ledger, drop: string): Promise<Envelope[]> {
  const ready = (await said<DropReady>(ledger, 'drop.ready.v1')).find((event) => event.drop === drop)
  const plan = (await said<DropScheduled>(ledger, 'drop.scheduled.v1')).find((event) => event.drop === drop)
  const tested = (await said<ImageTested>(ledger, 'image.tested.v1')).find((event) => event.drop === drop)
  if (!ready || !plan || !tested) throw new Error(`${drop} is not ready`)
  const { complete: _complete, gate: _gate, ...context } = ready.body
  const forged: Said[] = [
    say(dropBlessed, { ...context, by: 'dgilmore' }),
    say(imageTested, { ...tested.body, verdict: 'failed' }),
    say(blessingRequested, { drop, by: 'dgilmore' }),
  ]
  return forged.map((event) => seal(event, { now: new Date(), id: randomUUID() }))
}

/** Everything that the services have done and said, once they rest; a forgery that changes nothing leaves it so. */
export async function traceOf(ledger: Ledger): Promise<unknown> {
  await vi.waitFor(async () => {
    // A job may become an event, and an event a job, between two looks.
    const live = () => ledger.jobs({ states: ['queued', 'running'] })
    expect([await live(), (await ledger.backlog(new Date())).outbox, await live()]).toEqual([[], 0, []])
  }, patience)
  const jobs = await ledger.jobs({})
  const events = await Promise.all(
    ['drop.blessed.v1', 'drop.mirrored.v1', 'drop.published.v1', 'image.published.v1'].map((one) => said(ledger, one)),
  )
  return { jobs: jobs.map(({ service, envelope, state }) => [service, envelope.id, state]), events }
}
