import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exampleEarlier } from '#events/examples.ts'
import { imageKey } from '#events/vocabulary.ts'
import { decide } from './decide.ts'
import type { DropEvent, DropSaid } from './events.ts'
import { phaseOf } from './phase.ts'
import { readDropState, unknownDrop, type DropState } from './state.ts'
import {
  announced,
  asks,
  compared,
  dropFailed,
  ec2,
  expiryReached,
  generic,
  imageFailed,
  imagePublished,
  mirrored,
  passes,
  scheduled,
  staged,
  tell,
  tested,
} from './testing/drop-events.ts'

const success = [
  scheduled(),
  ...passes(generic),
  ...passes(ec2),
  staged(generic, ec2),
  imagePublished(ec2),
  mirrored(generic, ec2),
  announced(),
]
const trouble = [
  ...['builder', 'converter', 'boot-tester', 'ec2-publisher'].flatMap((step) => [
    imageFailed(generic, step),
    imageFailed(ec2, step),
  ]),
  tested(generic, 'failed'),
  staged(generic),
  staged(ec2),
  mirrored(generic),
  scheduled({ onlyIfChanged: { since: exampleEarlier } }),
  compared(),
  compared('ec2.x86_64'),
  dropFailed('mirror-publisher'),
  dropFailed('announcer'),
  dropFailed('scheduler'),
  asks('blessing'),
  asks('blessing', 'another'),
  asks('cancellation'),
  asks('retry'),
  asks('supersession'),
  asks('supersession', 'weekly-Debian-12-20260711.n.1'),
  expiryReached(true),
  expiryReached(false),
]

function tellAll(events: readonly DropEvent[]): { state: DropState; said: DropSaid[] } {
  let state = unknownDrop
  const said: DropSaid[] = []
  for (const event of events) {
    const decision = decide(readDropState(JSON.parse(JSON.stringify(state))), event)
    state = decision.state
    said.push(...decision.events)
  }
  return { state, said }
}

/** Some events in any order, with any of them twice. */
const shuffled = (events: readonly DropEvent[]) =>
  fc
    .array(fc.constantFrom(...events), { maxLength: 12 })
    .chain((again) => fc.shuffledSubarray([...events, ...again], { minLength: events.length + again.length }))

const times = (said: readonly DropSaid[], subject: DropSaid['subject']) =>
  said.filter((event) => event.subject === subject).length

describe('a drop whose steps all succeed', () => {
  it('ends announced, having said each thing once, in whatever order and how often it hears of them', () => {
    fc.assert(
      fc.property(shuffled(success), (events) => {
        const { state, said } = tellAll(events)
        expect(phaseOf(state)).toBe('announced')
        expect(said.map(tell)).toEqual([
          'image.requested generic.x86_64',
          'image.requested ec2.x86_64',
          'drop.ready',
          'drop.blessed',
          'drop.published',
        ])
      }),
      { numRuns: 300 },
    )
  })

  it('comes to the same as ever when requests for nothing and old failures are between', () => {
    const noise = [imageFailed(generic, 'builder'), asks('retry')]
    // The retry is newer than the failure, and the successes are newer than both.
    const after = [
      ...passes(generic),
      ...passes(ec2),
      staged(generic, ec2),
      imagePublished(ec2),
      mirrored(generic, ec2),
      announced(),
    ]
    fc.assert(
      fc.property(shuffled(after), (events) => {
        const { state, said } = tellAll([scheduled(), ...noise, ...events])
        expect(phaseOf(state)).toBe('announced')
        expect(said.map(tell).at(-1)).toBe('drop.published')
      }),
    )
  })
})

describe('whatever a drop hears, in whatever order', () => {
  const anything = fc.array(fc.constantFrom(...success, ...trouble), { maxLength: 60 })

  it('never fails to decide, and its state can be kept', () => {
    fc.assert(
      fc.property(anything, (events) => {
        const { state } = tellAll(events)
        expect(readDropState(JSON.parse(JSON.stringify(state)))).toEqual(state)
      }),
      { numRuns: 500 },
    )
  })

  it('is blessed and published at most once, and ends for good at most once', () => {
    fc.assert(
      fc.property(anything, (events) => {
        const { said } = tellAll([scheduled(), ...events])
        expect(times(said, 'drop.blessed.v1')).toBeLessThanOrEqual(1)
        expect(times(said, 'drop.published.v1')).toBeLessThanOrEqual(1)
        expect(times(said, 'drop.superseded.v1') + times(said, 'drop.expired.v1')).toBeLessThanOrEqual(1)
        expect(times(said, 'image.requested.v1')).toBe(2)
        const last = said.findIndex(({ subject }) => subject === 'drop.superseded.v1' || subject === 'drop.expired.v1')
        expect([-1, said.length - 1]).toContain(last)
      }),
      { numRuns: 1000 },
    )
  })

  it('is ready once as long as nobody retries', () => {
    const withoutRetry = trouble.filter(({ subject }) => subject !== 'drop.retry.requested.v1')
    // Of one step a job says one thing: without a retry an image cannot first fail and then succeed at it.
    const stable = withoutRetry.filter(({ subject }) => subject !== 'image.failed.v1' && subject !== 'image.tested.v1')
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...success, ...stable), { maxLength: 80 }), (events) => {
        expect(times(tellAll([scheduled(), ...events]).said, 'drop.ready.v1')).toBeLessThanOrEqual(1)
      }),
      { numRuns: 500 },
    )
  })

  it('is blessed only when it is ready, and published only when every blessed image is where it is to be', () => {
    fc.assert(
      fc.property(anything, (events) => {
        const { state, said } = tellAll([scheduled(), ...events])
        const passed = state.blessed?.images.filter((one) => one.outcome === 'passed') ?? []
        const subjects = said.map(({ subject }) => subject)
        const blessedAt = subjects.indexOf('drop.blessed.v1')
        const isReadyBefore = subjects.slice(0, Math.max(blessedAt, 0)).includes('drop.ready.v1')
        expect(blessedAt === -1 || (isReadyBefore && passed.length > 0)).toBe(true)

        const inEc2 = passed.filter((one) => one.image.targets.includes('ec2'))
        const isPublic = inEc2.every(({ image }) => state.images[imageKey(image)]?.published)
        expect(!state.published || (state.mirrored !== null && isPublic)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
