import { describe, expect, it } from 'vitest'
import {
  announced,
  asks,
  built,
  ec2,
  expiryReached,
  generic,
  imageFailed,
  passes,
  scheduled,
  staged,
  tell,
} from './testing/drop-events.ts'
import { both, find, given, milestone, untilPublished, untilStaged, when } from './testing/story.ts'

describe('a cancellation', () => {
  it('is said once, and stops what would be said', () => {
    const past = [scheduled(), ...both, asks('cancellation')]
    expect(
      given(...past)
        .events.map(tell)
        .at(-1),
    ).toBe('drop.cancelled')
    expect(when(past, staged(generic, ec2)).events).toEqual([])
    expect(when(past, asks('cancellation')).ignored).toContain('is cancelled already')
    expect(when(past, asks('blessing')).ignored).toContain('is cancelled; retry it first')
  })

  it('forgets nothing of what arrives while it lasts', () => {
    const past = [scheduled(), ...passes(generic), asks('cancellation'), ...passes(ec2)]
    expect(when(past, asks('retry')).events.map(tell)).toEqual(['drop.ready'])
  })

  it('can be taken back and made again', () => {
    const past = [scheduled(), asks('cancellation'), asks('retry')]
    expect(when(past, asks('cancellation')).events.map(tell)).toEqual(['drop.cancelled'])
  })

  it('comes too late for a published drop', () => {
    expect(when(untilPublished, asks('cancellation')).ignored).toContain('is published; supersede it')
  })
})

describe('a supersession', () => {
  const respin = 'weekly-Debian-12-20260711.n.1'

  it('by a respin withdraws a drop that waits, with its images so far', () => {
    const end = when([milestone, ...passes(generic), built(ec2)], asks('supersession', respin))
    expect(find(end.events, 'drop.superseded.v1')).toMatchObject({
      by: respin,
      images: [
        { outcome: 'passed' },
        {
          outcome: 'failed',
          failure: { class: 'cancelled', reason: 'the drop was superseded before it was finished' },
        },
      ],
    })
  })

  it('by a respin leaves alone what is blessed or published', () => {
    expect(when(untilStaged, asks('supersession', respin)).ignored).toContain('is blessed; the respin')
    expect(when(untilPublished, asks('supersession', respin)).events).toEqual([])
  })

  it('by a person withdraws what is published, with its registrations', () => {
    const end = when([...untilPublished, announced()], asks('supersession'))
    expect(find(end.events, 'drop.superseded.v1')).toMatchObject({
      images: [{}, { registrations: [{ target: 'ec2' }] }],
    })
  })

  it('by a person carries the reason on', () => {
    const asked = asks('supersession')
    const reason = 'it accepts an empty password'
    const end = when([...untilPublished, announced()], { ...asked, body: { ...asked.body, reason } } as typeof asked)
    expect(find(end.events, 'drop.superseded.v1')).toMatchObject({ reason })
  })

  it.each([
    ['a blessing', asks('blessing')],
    ['a retry', asks('retry')],
    ['another supersession', asks('supersession')],
    ['a late success', built(ec2)],
    ['a late failure', imageFailed(ec2, 'builder')],
    ['a late tree', staged(generic, ec2)],
    ['the end of its days', expiryReached(false)],
  ])('is final: %s changes nothing', (_what, event) => {
    const past = [scheduled(), ...passes(generic), asks('supersession')]
    const after = when(past, event)
    expect(after.events).toEqual([])
    expect(after.state).toEqual(given(...past).state)
    expect(after.ignored).toContain('is superseded')
  })

  it('by a respin that overtakes the plan takes effect when the plan is known', () => {
    expect(given(asks('supersession', respin), scheduled()).events.map(tell).at(-1)).toBe('drop.superseded')
  })
})

describe('the end of its days', () => {
  it('withdraws a drop with its images', () => {
    const end = when([...untilPublished, announced()], expiryReached(false))
    expect(find(end.events, 'drop.expired.v1')).toMatchObject({ keptDays: 30, images: [{}, {}] })
    expect(end.phase).toBe('expired')
  })

  it('for what nobody blessed leaves alone what is blessed', () => {
    expect(when(untilStaged, expiryReached(true)).ignored).toContain('is blessed and kept longer')
    expect(when([milestone, ...both], expiryReached(true)).phase).toBe('expired')
  })
})
