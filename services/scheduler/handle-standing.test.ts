import { expect, it } from 'vitest'
import { dropExpired } from '#events/drop-expired.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropSuperseded } from '#events/drop-superseded.ts'
import { say, type EventDefinition } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { testContext } from '#test/support/context.ts'
import { handleStanding } from './handle-standing.ts'
import type { StandingEnvelope } from './hears.ts'
import { keyOf } from './key-of.ts'
import { readStreamState, type StreamState } from './stream/state.ts'

function heard<Subject extends string, Body>(definition: EventDefinition<Subject, Body>) {
  return seal(say(definition, definition.example), { now: new Date('2026-07-11T12:00:00Z') })
}

const published = heard(dropPublished)
const { drop, compose } = published.body

function streamWith(standing: StreamState['drops'][number]['standing']): StreamState {
  const { id, date, respin } = compose
  const record = { drop, kind: 'milestone', milestone: 'Beta', compose: id, date, respin, label: null } as const
  const drops = [{ ...record, scheduledAt: '2026-07-01T00:00:00.000Z', told: 'nothing', standing } as const]
  return { newest: null, served: null, calendar: [], drops }
}

function after(state: unknown, ...events: readonly StandingEnvelope[]): unknown {
  const context = testContext()
  return events.reduce((now, event) => handleStanding(event, { ...context, state: now }).state, state)
}

it('a stream knows which of its drops are open and which are over, in whatever order it hears it', () => {
  const over = [heard(dropSuperseded), heard(dropExpired)]
  expect(after(streamWith('closed'), published)).toEqual(streamWith('open'))
  for (const end of over) {
    expect(after(streamWith('closed'), published, end)).toEqual(streamWith('over'))
    expect(after(streamWith('closed'), end, published)).toEqual(streamWith('over'))
  }
})

it('a stream that was never seen is not begun by what became of a drop', () => {
  expect(after(undefined, published)).toBeNull()
  expect(after(null, published)).toBeNull()
})

it('what became of a drop is told to the stream of its compose', () => {
  expect(keyOf(published)).toBe(`stream:${compose.short}-${compose.version}`)
})

it('a stream that was noted before takes its drops for open', () => {
  const [record] = streamWith('closed').drops
  const { standing: _standing, ...older } = record ?? {}
  expect(readStreamState({ newest: null, served: null, calendar: [], drops: [older] }).drops[0]?.standing).toBe('open')
})
