import { expect } from 'vitest'
import type { Said } from '#events/define.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropExpired } from '#events/drop-expired.ts'
import { dropFailed, type DropFailed } from '#events/drop-failed.ts'
import { dropReady, type DropReady } from '#events/drop-ready.ts'
import type { DropStaged } from '#events/drop-staged.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { seal } from '#events/envelope.ts'
import { checkOutgoing } from '#events/parse.ts'
import { mirrorPublisher } from '../service.ts'
import { deliver } from './drops.ts'
import type { Scene } from './scene.ts'

export type Event = Parameters<typeof mirrorPublisher.handle>[0]

/** Handles an event and gives what was said, after the bus would have let it pass. */
export async function hear({ mirror, context }: Scene, event: Event): Promise<readonly Said[]> {
  const said = await mirrorPublisher.handle(event, mirror, context)
  const events: readonly Said[] = 'events' in said ? said.events : said
  for (const one of events) checkOutgoing(seal(one, { now: new Date() }))
  return events
}

export const ready = (drop: DropReady) => deliver(dropReady, drop)

export function blessed({ complete: _complete, gate: _gate, ...drop }: DropReady) {
  return deliver(dropBlessed, { ...drop, by: 'dgilmore' })
}

export function superseded({ complete: _complete, gate: _gate, ...drop }: DropReady) {
  return deliver(dropSuperseded, { ...drop, by: 'dgilmore' })
}

export function expired({ complete: _complete, gate: _gate, ...drop }: DropReady) {
  return deliver(dropExpired, { ...drop, keptDays: 30 })
}

/** The tree of a drop.staged or drop.mirrored; fails the test when something else was said. */
export function treeOf(said: readonly Said[], definition: { readonly subject: string }): DropStaged {
  const [body] = bodiesOf(said, definition) as DropStaged[]
  if (!body) throw new Error('nothing was said')
  return body
}

/** The failure of a drop.failed; fails the test when something else was said. */
export function failureOf(said: readonly Said[]): DropFailed['failure'] {
  const [body] = bodiesOf(said, dropFailed) as DropFailed[]
  if (!body) throw new Error('nothing was said')
  return body.failure
}

function bodiesOf(said: readonly Said[], { subject }: { readonly subject: string }): unknown[] {
  expect(said).toEqual([{ subject, body: expect.anything() as unknown }])
  return said.map(({ body }) => body)
}
