import { describe, expect, it } from 'vitest'
import { phaseOf } from './phase.ts'
import { asks, ec2, generic, staged, tell } from './testing/drop-events.ts'
import { both, find, given, milestone, when } from './testing/story.ts'

describe('a milestone drop', () => {
  const waiting = [milestone, ...both, staged(generic, ec2)]

  it('waits for a person when it is staged', () => {
    expect(given(...waiting).events.map(tell)).not.toContain('drop.blessed')
    expect(phaseOf(given(...waiting).state)).toBe('staged')
    expect(find(when(waiting, asks('blessing')).events, 'drop.blessed.v1')).toMatchObject({ by: 'dgilmore' })
  })

  it('is blessed when it is staged, if the blessing came before', () => {
    const past = [milestone, asks('blessing'), ...both]
    expect(given(...past).events.map(tell)).not.toContain('drop.blessed')
    expect(find(when(past, staged(generic, ec2)).events, 'drop.blessed.v1')).toMatchObject({ by: 'dgilmore' })
  })

  it('is blessed once', () => {
    const again = when([...waiting, asks('blessing')], asks('blessing', 'another'))
    expect(again.events).toEqual([])
    expect(again.ignored).toContain('was blessed by dgilmore before')
  })
})
