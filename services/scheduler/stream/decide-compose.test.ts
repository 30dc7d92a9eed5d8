import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ComposeStatusChanged } from '#events/compose.ts'
import { house } from '#test/support/house.ts'
import { candidate, nightly } from '../compose/testing/example-messages.ts'
import { MetadataUnreadable } from '../compose/read-metadata.ts'
import { understandCompose } from '../compose/understand.ts'
import type { Policy } from '../policy/policy.ts'
import { parsePolicy, readPolicy } from '../policy/read-policy.ts'
import { dailyTick, untilNextTick, weeklySlot } from './cadence.ts'
import { decideCadence } from './decide-cadence.ts'
import { decideCompose } from './decide-compose.ts'
import type { StreamDecision } from './schedule.ts'
import { readStreamState, type StreamState } from './state.ts'

/** Weekly drops are due on Mondays at 6; 2026-07-13 is one. */
const shipped = readPolicy(fileURLToPath(new URL('../../../deploy/drops.yaml', import.meta.url)), house)
const everyNight: Policy = {
  ...shipped,
  distributions: shipped.distributions.map((one) => ({ ...one, nightly: true })),
}

/** A stream that is told things one after the other; what it said of late is kept. */
class Stream {
  state: StreamState = readStreamState(undefined)
  last: StreamDecision = { state: this.state, events: [], ignored: null }
  readonly policy: Policy

  constructor(policy = shipped) {
    this.policy = policy
  }

  async hears(body: ComposeStatusChanged, now: string, request: { images: string[] | null } | null = null) {
    const read = () => Promise.reject(new MetadataUnreadable('out of reach', true))
    const options = { policy: this.policy, allowed: this.policy.allowedLocations, read }
    const message = { subject: 'pungi.compose.status.change' as const, body }
    const qualified = await understandCompose(message, new Date(now), options, new AbortController().signal)
    if ('ignored' in qualified) throw new Error(qualified.ignored)
    return this.#keep(decideCompose(this.state, qualified, { policy: this.policy, now: new Date(now), request }))
  }

  reaches(now: string) {
    return this.#keep(decideCadence(this.state, { policy: this.policy, now: new Date(now) }))
  }

  #keep(decision: StreamDecision) {
    this.last = decision
    // The ledger keeps JSON, so nothing may hang on more than that.
    this.state = readStreamState(JSON.parse(JSON.stringify(decision.state)))
    return decision.events.map((event) =>
      event.subject === 'drop.supersession.requested.v1'
        ? `${event.body.by} instead of ${event.body.drop}`
        : event.body.drop,
    )
  }
}

describe('the weekly drop', () => {
  it('is made of the first nightly of a new stream', async () => {
    const stream = new Stream()
    expect(await stream.hears(nightly('Rawhide', '20260715'), '2026-07-15T09:00:00Z')).toEqual([
      'weekly-Fedora-Rawhide-20260715.n.0',
    ])
  })

  it('is one a week, of the newest nightly that has finished when it is due', async () => {
    const stream = new Stream()
    await stream.hears(nightly('Rawhide', '20260714'), '2026-07-14T09:00:00Z')
    for (const day of ['15', '16', '17', '18', '19']) {
      expect(await stream.hears(nightly('Rawhide', `202607${day}`), `2026-07-${day}T09:00:00Z`)).toEqual([])
      expect(stream.last.ignored).toContain('this week of rawhide has the drop weekly-Fedora-Rawhide-20260714.n.0')
    }
    await stream.hears(nightly('Rawhide', '20260719'), '2026-07-19T10:00:00Z')
    expect(stream.last.ignored).toBe('Fedora-Rawhide-20260719.n.0 is known already as the newest of its stream')
    expect(stream.reaches('2026-07-20T05:59:59Z')).toEqual([])
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual(['weekly-Fedora-Rawhide-20260719.n.0'])
    expect(stream.reaches('2026-07-20T06:00:01Z')).toEqual([])
    expect(await stream.hears(nightly('Rawhide', '20260720'), '2026-07-20T09:00:00Z')).toEqual([])
    expect(stream.reaches('2026-07-27T06:00:00Z')).toEqual(['weekly-Fedora-Rawhide-20260720.n.0'])
  })

  it('that was missed while nothing ran is caught up once, however many weeks it was', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    await stream.hears(nightly('44', '20260715'), '2026-07-15T09:00:00Z')
    expect(stream.reaches('2026-08-05T17:00:00Z')).toEqual(['weekly-Fedora-44-20260715.n.0'])
    expect(stream.reaches('2026-08-06T06:00:00Z')).toEqual([])
    expect(await stream.hears(nightly('44', '20260806'), '2026-08-06T09:00:00Z')).toEqual([])
  })

  it('waits for a new nightly when none has finished since the last', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual([])
    expect(stream.last.ignored).toBe('no nightly compose has finished since Fedora-44-20260714.n.0')
    expect(await stream.hears(nightly('44', '20260722'), '2026-07-22T09:00:00Z')).toEqual([
      'weekly-Fedora-44-20260722.n.0',
    ])
  })

  it('is replaced by a respin of its day', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260714', 1), '2026-07-14T19:00:00Z')).toEqual([
      'weekly-Fedora-44-20260714.n.1',
      'weekly-Fedora-44-20260714.n.1 instead of weekly-Fedora-44-20260714.n.0',
    ])
    expect(stream.last.events[0]?.body).toMatchObject({ supersedes: 'weekly-Fedora-44-20260714.n.0' })
  })

  it('of the next week is still due when a respin replaces that of the last', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260719'), '2026-07-19T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260719', 1), '2026-07-20T09:00:00Z')).toHaveLength(2)
    expect(await stream.hears(nightly('44', '20260721'), '2026-07-21T09:00:00Z')).toEqual([
      'weekly-Fedora-44-20260721.n.0',
    ])
  })

  it('is not made of an older compose that arrives late', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714', 1), '2026-07-14T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260714', 0), '2026-07-21T09:00:00Z')).toEqual([])
    expect(stream.last.ignored).toContain('an older respin than Fedora-44-20260714.n.1')
    expect(await stream.hears(nightly('44', '20260713'), '2026-07-21T09:00:00Z')).toEqual([])
    expect(stream.last.ignored).toContain('is older than Fedora-44-20260714.n.1')
  })

  it('comes once when its compose is told of twice', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260714'), '2026-07-28T09:00:00Z')).toEqual([])
    expect(stream.last.ignored).toBe('Fedora-44-20260714.n.0 already has the drop weekly-Fedora-44-20260714.n.0')
  })

  it('has the images, formats, targets and gate of the policy', async () => {
    const stream = new Stream()
    await stream.hears(nightly('19', '20260714'), '2026-07-14T09:00:00Z')
    expect(stream.last.events[0]?.body).toMatchObject({
      kind: 'weekly',
      milestone: null,
      gate: 'policy',
      images: [
        { flavour: 'generic', architecture: 'i686', targets: ['mirror'] },
        { flavour: 'generic', architecture: 'x86_64', formats: shipped.formats.weekly },
        { flavour: 'ec2', architecture: 'i686', targets: ['mirror', 'ec2'] },
        { flavour: 'ec2', architecture: 'x86_64', recipe: 'fedora-19' },
      ],
    })
  })
})

describe('a nightly drop', () => {
  it('is made of each nightly besides the weekly one, where the policy wants it', async () => {
    const stream = new Stream(everyNight)
    expect(await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')).toEqual([
      'weekly-Fedora-44-20260714.n.0',
    ])
    expect(await stream.hears(nightly('44', '20260715'), '2026-07-15T09:00:00Z')).toEqual([
      'nightly-Fedora-44-20260715.n.0',
    ])
    expect(await stream.hears(nightly('44', '20260715', 1), '2026-07-15T19:00:00Z')).toEqual([
      'nightly-Fedora-44-20260715.n.1',
      'nightly-Fedora-44-20260715.n.1 instead of nightly-Fedora-44-20260715.n.0',
    ])
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual(['weekly-Fedora-44-20260715.n.1'])
  })
})

it('of the kinds that the policy names, images may be preempted', async () => {
  for (const [policy, expected] of [
    [everyNight, [undefined, true]],
    [{ ...everyNight, preemptible: [] }, [undefined, undefined]],
  ] as const) {
    const stream = new Stream({ ...policy, preemptible: [...policy.preemptible] })
    const found: (boolean | undefined)[] = []
    for (const day of ['14', '15']) {
      await stream.hears(nightly('44', `202607${day}`), `2026-07-${day}T09:00:00Z`)
      const body = stream.last.events[0]?.body
      found.push(body && 'images' in body ? body.images[0]?.preemptible : undefined)
    }
    expect(found).toEqual(expected)
  }
})

describe('a milestone drop', () => {
  const now = '2026-09-15T09:00:00Z'

  it('is made of each candidate at once, and waits for a person', async () => {
    const stream = new Stream()
    expect(await stream.hears(candidate('45', 'Beta-1.1', '20260901'), now)).toEqual(['milestone-Fedora-45-20260901.0'])
    expect(stream.last.events[0]?.body).toMatchObject({ milestone: 'Beta', gate: 'person', supersedes: null })
  })

  it('is replaced by a respin of its label, by a later compose of the same label, and not by another number', async () => {
    const stream = new Stream()
    await stream.hears(candidate('45', 'Beta-1.1', '20260901'), now)
    expect(await stream.hears(candidate('45', 'Beta-1.2', '20260903'), now)).toEqual([
      'milestone-Fedora-45-20260903.0',
      'milestone-Fedora-45-20260903.0 instead of milestone-Fedora-45-20260901.0',
    ])
    expect(await stream.hears(candidate('45', 'Beta-1.2', '20260903', 1), now)).toEqual([
      'milestone-Fedora-45-20260903.1',
      'milestone-Fedora-45-20260903.1 instead of milestone-Fedora-45-20260903.0',
    ])
    expect(await stream.hears(candidate('45', 'Beta-2.1', '20260905'), now)).toEqual(['milestone-Fedora-45-20260905.0'])
    expect(await stream.hears(candidate('45', 'RC-1.1', '20261001'), now)).toEqual(['milestone-Fedora-45-20261001.0'])
  })

  it('has a target that takes Finals alone only as a Final', async () => {
    const path = fileURLToPath(new URL('../../../deploy/drops.yaml', import.meta.url))
    const text = readFileSync(path, 'utf8').replace('ec2: [mirror, ec2]', 'ec2: [mirror, ec2, marketplace]')
    const stream = new Stream(parsePolicy(text, 'drops.yaml', house))
    const targets = async (label: string, date: string) => {
      await stream.hears(candidate('45', label, date), '2026-09-07T09:00:00Z')
      const plan = stream.last.events.find((event) => event.subject === 'drop.scheduled.v1')?.body
      return [plan?.images.at(-1)?.targets, plan?.publishers.map(({ target, after }) => `${target} ${after}`)]
    }
    expect(await targets('Beta-1.1', '20260901')).toEqual([['mirror', 'ec2'], ['ec2 tests']])
    expect(await targets('RC-1.1', '20260905')).toEqual([
      ['mirror', 'ec2', 'marketplace'],
      ['ec2 tests', 'marketplace publication'],
    ])
  })

  it('is not made of an older candidate that arrives late, nor twice of one', async () => {
    const stream = new Stream()
    await stream.hears(candidate('45', 'RC-1.3', '20261003'), now)
    expect(await stream.hears(candidate('45', 'RC-1.2', '20261002'), now)).toEqual([])
    expect(stream.last.ignored).toContain('is older than Fedora-45-20261003.0')
    expect(await stream.hears(candidate('45', 'RC-1.2', '20261004'), now)).toEqual([])
    expect(await stream.hears(candidate('45', 'RC-1.3', '20261003'), now)).toEqual([])
    expect(stream.last.ignored).toContain('already has the drop milestone-Fedora-45-20261003.0')
  })

  it('stands beside the weekly drop of its stream', async () => {
    const stream = new Stream()
    await stream.hears(candidate('45', 'Beta-1.1', '20260901'), now)
    expect(await stream.hears(nightly('45', '20260901'), now)).toEqual(['weekly-Fedora-45-20260901.n.0'])
  })
})

describe('a drop that a person asks for', () => {
  const now = '2026-07-17T09:00:00Z'

  it('is made at once, and counts as that of the week', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260716'), now, { images: null })).toEqual([
      'weekly-Fedora-44-20260716.n.0',
    ])
    expect(await stream.hears(nightly('44', '20260717'), now)).toEqual([])
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual(['weekly-Fedora-44-20260717.n.0'])
  })

  it('has only the images that are named', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260716'), now, { images: ['generic.x86_64'] })
    expect(stream.last.events[0]?.body).toMatchObject({ images: [{ flavour: 'generic', architecture: 'x86_64' }] })
  })

  it('is refused with the known images when one is not known', async () => {
    const stream = new Stream()
    await expect(
      stream.hears(nightly('44', '20260716'), now, { images: ['generic.x86_64', 'azure.x86_64'] }),
    ).rejects.toThrow(
      'images: expected images of Fedora-44-20260716.n.0, which are generic.x86_64, generic.aarch64, ec2.x86_64, ec2.aarch64, got "azure.x86_64"',
    )
  })

  it('may be of an older compose, and leaves the newest to the cadence', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    await stream.hears(nightly('44', '20260716'), '2026-07-16T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260701'), now, { images: null })).toEqual([
      'weekly-Fedora-44-20260701.n.0',
    ])
    expect(stream.reaches('2026-07-20T06:00:00Z')).toEqual(['weekly-Fedora-44-20260716.n.0'])
  })

  it('is made of a compose that has a nightly drop already', async () => {
    const stream = new Stream(everyNight)
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    await stream.hears(nightly('44', '20260715'), '2026-07-15T09:00:00Z')
    expect(await stream.hears(nightly('44', '20260715'), now, { images: null })).toEqual([
      'weekly-Fedora-44-20260715.n.0',
    ])
  })

  it('is the same one when it is asked for twice', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260716'), now, { images: null })
    expect(await stream.hears(nightly('44', '20260716'), now, { images: null })).toEqual([])
  })
})

describe('retention', () => {
  const told = (stream: Stream) =>
    stream.last.events.flatMap((event) => (event.subject === 'drop.expiry.reached.v1' ? [event.body] : []))

  it('ends a weekly drop after its days, once', async () => {
    const stream = new Stream()
    await stream.hears(nightly('44', '20260714'), '2026-07-14T09:00:00Z')
    stream.reaches('2026-08-13T08:00:00Z')
    expect(told(stream)).toEqual([])
    stream.reaches('2026-08-14T06:00:00Z')
    expect(told(stream)).toEqual([{ drop: 'weekly-Fedora-44-20260714.n.0', keptDays: 30, onlyUnblessed: false }])
    stream.reaches('2026-08-15T06:00:00Z')
    expect(told(stream)).toEqual([])
  })

  it('keeps a Final drop for ever, and ends a candidate that nobody blessed', async () => {
    const stream = new Stream()
    await stream.hears(candidate('45', 'RC-1.1', '20260901'), '2026-09-01T09:00:00Z')
    stream.reaches('2026-12-01T06:00:00Z')
    expect(told(stream)).toEqual([{ drop: 'milestone-Fedora-45-20260901.0', keptDays: 60, onlyUnblessed: true }])
    stream.reaches('2036-12-01T06:00:00Z')
    expect(told(stream)).toEqual([])
  })
})

it('the weekly slot is the last time that was due, and the daily one not more than a day ago', () => {
  const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
  const times = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(times, fc.constantFrom(...weekdays), fc.integer({ min: 0, max: 23 }), (now, weekday, hour) => {
      const slot = weeklySlot(now, { weekday, hour })
      expect([weekdays[slot.getUTCDay()], slot.getUTCHours(), slot.getTime() % 3_600_000]).toEqual([weekday, hour, 0])
      const age = now.getTime() - slot.getTime()
      expect(age >= 0 && age < 7 * 86_400_000).toBe(true)
      const next = new Date(now.getTime() + untilNextTick(now, { hour }))
      expect(next.getTime() - dailyTick(now, { hour }).getTime()).toBe(86_400_000)
      expect(next.getTime()).toBeGreaterThan(now.getTime())
    }),
  )
})

it('a stream never has two live drops of one week or one candidate, whatever it is told in whatever order', async () => {
  const messages = fc.oneof(
    fc
      .tuple(fc.integer({ min: 10, max: 28 }), fc.nat(2))
      .map(([day, respin]) => nightly('45', `202607${String(day)}`, respin)),
    fc
      .tuple(fc.constantFrom('Beta-1.1', 'Beta-1.2', 'RC-1.1'), fc.integer({ min: 10, max: 12 }), fc.nat(1))
      .map(([label, day, respin]) => candidate('45', label, `202609${String(day)}`, respin)),
  )
  const steps = fc.array(fc.tuple(messages, fc.integer({ min: 0, max: 60 })), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(steps, async (told) => {
      const stream = new Stream()
      const live = new Set<string>()
      let hours = 0
      const said: string[] = []
      for (const [message, wait] of told) {
        hours += wait
        const now = new Date(Date.parse('2026-07-13T06:00:00Z') + hours * 3_600_000).toISOString()
        for (const events of [await stream.hears(message, now), stream.reaches(now)]) {
          for (const event of events) {
            const [drop, replaced] = event.split(' instead of ') as [string, string?]
            said.push(event)
            live.add(drop)
            if (replaced) live.delete(replaced)
          }
        }
      }
      expect(new Set(said).size).toBe(said.length)
      const records = stream.state.drops.filter((one) => live.has(one.drop))
      const days = records.filter((one) => one.kind === 'weekly').map((one) => one.date)
      expect(new Set(days).size).toBe(days.length)
      expect(days.length).toBeLessThanOrEqual(Math.floor(hours / 168) + 1)
      const labels = records.map((one) => (one.label ? `${String(one.milestone)}-${String(one.label.version)}` : null))
      const candidates = labels.filter((label) => label !== null)
      expect(new Set(candidates).size).toBe(candidates.length)
    }),
    { numRuns: 200 },
  )
})
