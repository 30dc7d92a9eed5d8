import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { CalendarEntry } from '#events/calendar.ts'
import { house } from '#test/support/house.ts'
import { understandCompose } from '../compose/understand.ts'
import { candidate, nightly } from '../compose/testing/example-messages.ts'
import type { Policy } from '../policy/policy.ts'
import { readPolicy } from '../policy/read-policy.ts'
import { decideCadence } from './decide-cadence.ts'
import { decideCompose } from './decide-compose.ts'
import { keepCalendar } from './keep-calendar.ts'
import { readStreamState } from './state.ts'

/** Weekly drops are due on Mondays at 6; 2026-07-13 is one. */
const shipped = readPolicy(fileURLToPath(new URL('../../../deploy/drops.yaml', import.meta.url)), house)
const release = { short: 'Fedora', version: '44' }

/** The stream of Fedora 44, by a policy that may change. */
function openStream(first: Partial<Policy> = {}) {
  let policy: Policy = { ...shipped, ...first }
  let state = readStreamState(undefined)

  function keep(decided: Parameters<typeof keepCalendar>[0], now: string) {
    const kept = keepCalendar(decided, { release, policy, now: new Date(now) })
    // The ledger keeps JSON, so nothing may hang on more than that.
    state = readStreamState(JSON.parse(JSON.stringify(kept.state)))
    return {
      changed: kept.events.some(({ subject }) => subject === 'calendar.changed.v1'),
      overdue: kept.events.flatMap((event) => (event.subject === 'drop.overdue.v1' ? [event.body.key] : [])),
    }
  }

  return {
    amend: (other: Partial<Policy>) => (policy = { ...policy, ...other }),
    reaches: (now: string) => keep(decideCadence(state, { policy, now: new Date(now) }), now),
    async hears(body: Parameters<typeof nightlyMessage>[0], now: string) {
      const read = () => Promise.reject(new Error('out of reach'))
      const options = { policy, allowed: policy.allowedLocations, read }
      const message = nightlyMessage(body)
      const qualified = await understandCompose(message, new Date(now), options, new AbortController().signal)
      if ('ignored' in qualified) throw new Error(qualified.ignored)
      return keep(decideCompose(state, qualified, { policy, now: new Date(now), request: null }), now)
    },
    entry: (key: string) => state.calendar.find((one) => one.key === key),
    entries: (): readonly CalendarEntry[] => state.calendar,
  }
}

const nightlyMessage = (body: ReturnType<typeof nightly>) => ({
  subject: 'pungi.compose.status.change' as const,
  body,
})

const beta = { short: 'Fedora', version: '44', milestone: 'Beta' as const, due: '2026-07-21' }

describe('the weeks of a release', () => {
  it('are planned as soon as it has a nightly compose: this one with its drop, and eight more', async () => {
    const stream = openStream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    const [first, ...others] = stream.entries()
    expect(first).toMatchObject({
      key: 'weekly-2026-W29',
      due: '2026-07-13T06:00:00.000Z',
      drop: 'weekly-Fedora-44-20260714.n.0',
    })
    expect(others).toHaveLength(8)
    expect(others.at(-1)).toMatchObject({ key: 'weekly-2026-W37', due: '2026-09-07T06:00:00.000Z', drop: null })
  })

  it('are said again only when something of them changes', async () => {
    const stream = openStream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(stream.reaches('2026-07-15T06:00:00Z')).toEqual({ changed: false, overdue: [] })
    expect(await stream.hears(nightly('44', '20260717'), '2026-07-17T09:00:00Z')).toMatchObject({ changed: false })
    expect(stream.reaches('2026-07-20T06:00:00Z')).toMatchObject({ changed: true })
    expect(stream.entry('weekly-2026-W30')).toMatchObject({ drop: 'weekly-Fedora-44-20260717.n.0', revision: 0 })
  })

  it('without a compose are overdue after two days, which is told once however long it lasts', async () => {
    const stream = openStream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(stream.reaches('2026-07-20T06:00:00Z').overdue).toEqual([])
    expect(stream.reaches('2026-07-21T06:00:00Z').overdue).toEqual([])
    expect(stream.reaches('2026-07-22T06:00:00Z').overdue).toEqual(['weekly-2026-W30'])
    for (const day of ['23', '27', '29', '30']) {
      expect(stream.reaches(`2026-07-${day}T06:00:00Z`).overdue, day).toEqual([])
    }
    expect(stream.entry('weekly-2026-W31')).toMatchObject({ overdue: true })
  })

  it('that were late are not overdue any more, and the next silence is told of again', async () => {
    const stream = openStream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    stream.reaches('2026-07-22T06:00:00Z')
    await stream.hears(nightly('44', '20260723'), '2026-07-23T09:00:00Z')
    expect(stream.entry('weekly-2026-W30')).toMatchObject({ drop: 'weekly-Fedora-44-20260723.n.0', overdue: false })
    stream.reaches('2026-07-27T06:00:00Z')
    expect(stream.reaches('2026-07-29T06:00:00Z').overdue).toEqual(['weekly-2026-W31'])
  })

  it('are told of though nothing ran in the days after they were due', async () => {
    const stream = openStream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(stream.reaches('2026-08-05T09:00:00Z').overdue).toEqual(['weekly-2026-W30'])
  })

  it('end four weeks after the last compose; what was due stays', async () => {
    const stream = openStream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    stream.reaches('2026-08-12T06:00:00Z')
    expect(stream.entries().map(({ key }) => key)).toEqual(
      ['29', '30', '31', '32', '33'].map((w) => `weekly-2026-W${w}`),
    )
  })

  it('keep their names when another day of the week is theirs, and are revised', async () => {
    const stream = openStream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    stream.amend({ distributions: shipped.distributions.map((one) => ({ ...one, weekday: 'Thursday' as const })) })
    stream.reaches('2026-07-15T06:00:00Z')
    expect(stream.entry('weekly-2026-W29')).toMatchObject({ due: '2026-07-13T06:00:00.000Z', revision: 0 })
    expect(stream.entry('weekly-2026-W30')).toMatchObject({
      due: '2026-07-23T06:00:00.000Z',
      revision: 1,
      changedAt: '2026-07-15T06:00:00.000Z',
    })
  })

  it('are none of a release that the policy wants no weekly drops of', async () => {
    const stream = openStream({ distributions: shipped.distributions.map((one) => ({ ...one, weekly: false })) })
    expect(await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')).toMatchObject({ changed: false })
  })
})

describe('a milestone of the policy', () => {
  it('is planned before there is any compose, and overdue two days after its day', () => {
    const stream = openStream({ milestones: [beta] })
    expect(stream.reaches('2026-07-14T06:00:00Z')).toEqual({ changed: true, overdue: [] })
    expect(stream.entry('Beta')).toMatchObject({ due: '2026-07-21T00:00:00.000Z', revision: 0, overdue: false })
    expect(stream.reaches('2026-07-22T06:00:00Z').overdue).toEqual([])
    expect(stream.reaches('2026-07-23T06:00:00Z').overdue).toEqual(['Beta'])
    expect(stream.reaches('2026-07-24T06:00:00Z').overdue).toEqual([])
  })

  it('that is put off is revised, and told of once more when it is overdue again', () => {
    const stream = openStream({ milestones: [beta] })
    stream.reaches('2026-07-14T06:00:00Z')
    stream.reaches('2026-07-23T06:00:00Z')
    stream.amend({ milestones: [{ ...beta, due: '2026-07-28' }] })
    expect(stream.reaches('2026-07-24T06:00:00Z')).toEqual({ changed: true, overdue: [] })
    expect(stream.entry('Beta')).toMatchObject({ due: '2026-07-28T00:00:00.000Z', revision: 1, overdue: false })
    expect(stream.reaches('2026-07-30T06:00:00Z').overdue).toEqual(['Beta'])
  })

  it('that the policy does not name any more is called off, and can be taken up again', () => {
    const stream = openStream({ milestones: [beta] })
    stream.reaches('2026-07-14T06:00:00Z')
    stream.amend({ milestones: [] })
    stream.reaches('2026-07-15T06:00:00Z')
    expect(stream.entry('Beta')).toMatchObject({ calledOff: true, revision: 1 })
    expect(stream.reaches('2026-07-30T06:00:00Z').overdue).toEqual([])
    stream.amend({ milestones: [{ ...beta, due: '2026-08-04' }] })
    stream.reaches('2026-07-31T06:00:00Z')
    expect(stream.entry('Beta')).toMatchObject({ calledOff: false, revision: 2 })
  })

  it('has the drop of its newest candidate', async () => {
    const stream = openStream({ milestones: [beta] })
    await stream.hears(candidate('44', 'Beta-1.1', '20260716'), '2026-07-16T09:00:00Z')
    await stream.hears(candidate('44', 'Beta-1.2', '20260718'), '2026-07-18T09:00:00Z')
    expect(stream.entry('Beta')).toMatchObject({ drop: 'milestone-Fedora-44-20260718.0', overdue: false })
    expect(stream.reaches('2026-07-23T06:00:00Z').overdue).toEqual([])
  })
})
