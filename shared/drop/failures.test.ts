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
  imagePublished,
  mirrored,
  passes,
  scheduled,
  staged,
  tell,
  tested,
  uploaded,
} from './testing/drop-events.ts'
import { find, given, milestone, untilPublished, untilStaged, when } from './testing/story.ts'

describe('an image that cannot go on', () => {
  it('leaves an incomplete drop, which waits for a person whatever its kind', () => {
    const past = [scheduled(), ...passes(generic), imageFailed(ec2, 'builder'), staged(generic)]
    expect(find(given(...past).events, 'drop.ready.v1')).toMatchObject({
      complete: false,
      gate: 'person',
      images: [{ outcome: 'passed' }, { outcome: 'failed', failure: { step: 'builder', reason: 'it broke' } }],
    })
    expect(given(...past).events.map(tell)).not.toContain('drop.blessed')
    expect(when(past, asks('blessing')).phase).toBe('blessed')
    expect(when([...past, asks('blessing')], mirrored(generic)).phase).toBe('published')
  })

  it('takes back a blessing that was given before that was known', () => {
    const past = [milestone, asks('blessing'), ...passes(generic), imageFailed(ec2, 'builder')]
    expect(when(past, staged(generic)).events).toEqual([])
    expect(when([...past, staged(generic)], asks('blessing')).phase).toBe('blessed')
  })

  it('may have failed its boot test', () => {
    const story = given(scheduled(), ...passes(generic), built(ec2), converted(ec2), tested(ec2, 'failed'))
    expect(find(story.events, 'drop.ready.v1')).toMatchObject({
      images: [
        {},
        {
          outcome: 'failed',
          failure: {
            step: 'boot-tester',
            class: 'verdict',
            reason: 'boot test failed: ssh: port 22',
            log: { format: 'log' },
          },
        },
      ],
    })
  })

  it('does not come back by the success of another step', () => {
    const past = [scheduled(), built(ec2), imageFailed(ec2, 'boot-tester'), converted(ec2), ...passes(generic)]
    expect(find(given(...past).events, 'drop.ready.v1')).toMatchObject({ complete: false })
  })

  it('has failed when its last word says so, in whatever order the words arrive', () => {
    const [wrong, right] = [imageFailed(ec2, 'converter'), converted(ec2)]
    const others = [scheduled(), ...passes(generic), built(ec2), tested(ec2), uploaded(ec2)]
    expect(given(...others, right, wrong).state.ready).toMatchObject({ complete: true })
    const [before, after] = [uploaded(ec2), imageFailed(ec2, 'ec2-publisher')]
    const rest = [scheduled(), ...passes(generic), built(ec2), tested(ec2), converted(ec2)]
    expect(given(...rest, after, before).state.ready).toMatchObject({ complete: false })
  })

  it('fails the drop when there is no other', () => {
    const past = [scheduled(), imageFailed(generic, 'builder')]
    const end = when(past, imageFailed(ec2, 'converter'))
    expect(end.phase).toBe('failed')
    expect(end.events).toMatchObject([
      {
        subject: 'drop.failed.v1',
        body: {
          failure: {
            step: 'scheduler',
            class: 'recipe',
            reason:
              'generic.x86_64 failed at builder (recipe): it broke; ec2.x86_64 failed at converter (recipe): it broke',
          },
        },
      },
    ])
    const over = [...past, imageFailed(ec2, 'converter')]
    expect(when(over, dropFailed('scheduler')).events).toEqual([])
    expect(when(over, imageFailed(ec2, 'boot-tester')).events).toEqual([])
  })

  it('that was never planned changes nothing', () => {
    const stranger = { ...generic, architecture: 'aarch64' as const }
    expect(when([scheduled()], built(stranger)).ignored).toContain('has no image generic.aarch64')
  })
})

describe('a failure after the blessing', () => {
  const past = [...untilStaged, mirrored(generic, ec2)]

  it('of making an image public fails the drop, and a retry ends well', () => {
    const failure = when(past, imageFailed(ec2, 'ec2-publisher'))
    expect(failure.events).toMatchObject([
      {
        subject: 'drop.failed.v1',
        body: { failure: { reason: 'ec2.x86_64 failed at ec2-publisher (recipe): it broke' } },
      },
    ])
    expect(failure.phase).toBe('failed')
    const retried = [...past, imageFailed(ec2, 'ec2-publisher'), asks('retry')]
    expect(given(...retried).events.map(tell)).not.toContain('drop.published')
    expect(when(retried, imagePublished(ec2)).events.map(tell)).toEqual(['drop.published'])
  })

  it('is over when the image is public after all', () => {
    const told = [...past, imageFailed(ec2, 'ec2-publisher'), dropFailed('scheduler')]
    expect(when(told, imagePublished(ec2)).phase).toBe('published')
  })

  it('of the announcement is mended by the announcement', () => {
    const failed = [...untilPublished, dropFailed('announcer')]
    expect(phaseOf(given(...failed).state)).toBe('failed')
    expect(when(failed, announced()).phase).toBe('announced')
  })
})
