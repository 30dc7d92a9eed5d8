import { describe, expect, it } from 'vitest'
import { phaseOf } from './phase.ts'
import {
  announced,
  asks,
  built,
  converted,
  dropFailed,
  ec2,
  generic,
  imageFailed,
  passes,
  scheduled,
  staged,
  tell,
  tested,
  uploaded,
} from './testing/drop-events.ts'
import { both, find, given, untilPublished, when } from './testing/story.ts'

describe('a retry', () => {
  const failed = [
    scheduled(),
    ...passes(generic),
    built(ec2),
    imageFailed(ec2, 'converter'),
    tested(ec2),
    uploaded(ec2),
  ]

  it('of an incomplete drop waits for the image and makes the drop ready again, complete', () => {
    const retried = given(...failed, staged(generic), asks('retry'))
    expect(phaseOf(retried.state)).toBe('building')
    const again = when([...failed, staged(generic), asks('retry')], converted(ec2))
    expect(again.events.map(tell)).toEqual(['drop.ready'])
    expect(find(again.events, 'drop.ready.v1')).toMatchObject({ complete: true, gate: 'policy' })
    expect(again.phase).toBe('ready')
  })

  it('does not let a tree of before go through as the new one', () => {
    const past = [...failed, asks('retry'), converted(ec2)]
    const stale = when(past, staged(generic))
    expect(stale.events).toEqual([])
    expect(stale.ignored).toContain('does not hold exactly the images that passed')
    expect(when([...past, staged(generic)], staged(generic, ec2)).phase).toBe('blessed')
  })

  it('of a drop without any image begins anew, and may fail anew', () => {
    const past = [scheduled(), imageFailed(generic, 'builder'), imageFailed(ec2, 'builder'), asks('retry')]
    expect(phaseOf(given(...past).state)).toBe('building')
    expect(when([...past, imageFailed(generic, 'builder')], imageFailed(ec2, 'builder')).events.map(tell)).toEqual([
      'drop.failed',
    ])
    expect(
      given(...past, ...[generic, ec2].flatMap(passes))
        .events.map(tell)
        .at(-1),
    ).toBe('drop.ready')
  })

  it('is not undone by a failure of before it that arrives late', () => {
    const late = imageFailed(ec2, 'converter')
    const past = [scheduled(), ...passes(generic), imageFailed(ec2, 'builder'), asks('retry')]
    expect(when(past, late).ignored).toContain('was retried since')
  })

  it('of a drop whose mirror failed waits for the mirror', () => {
    const past = [scheduled(), ...both, dropFailed('mirror-publisher')]
    expect(phaseOf(given(...past).state)).toBe('failed')
    expect(phaseOf(given(...past, asks('retry')).state)).toBe('ready')
    expect(when([...past, asks('retry')], staged(generic, ec2)).phase).toBe('blessed')
  })

  it('requests nothing a second time, for its services take up what they have', () => {
    const past = [scheduled(), asks('cancellation')]
    expect(when(past, asks('retry')).events).toEqual([])
    expect(when(past, asks('retry')).phase).toBe('building')
  })

  it('is ignored when nothing has failed', () => {
    expect(when([scheduled()], asks('retry')).ignored).toContain('is building; there is nothing to retry')
    expect(when([...untilPublished, announced()], asks('retry')).ignored).toContain('is announced')
  })
})
