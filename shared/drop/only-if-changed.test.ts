import { describe, expect, it } from 'vitest'
import { exampleEarlier } from '#events/examples.ts'
import { phaseOf } from './phase.ts'
import {
  asks,
  compared,
  drop,
  dropFailed,
  ec2,
  expiryReached,
  generic,
  passes,
  plan,
  scheduled,
  tell,
} from './testing/drop-events.ts'
import { find, given, when } from './testing/story.ts'

describe('a drop that is wanted only if something has changed', () => {
  const conditional = scheduled({ onlyIfChanged: { since: exampleEarlier } })
  const wanted = ['image.requested generic.x86_64', 'image.requested ec2.x86_64']

  it('is compared before anything of it is built, once', () => {
    const story = given(conditional, conditional)
    expect(story.events.map(tell)).toEqual(['drop.comparison.requested'])
    expect(story.events[0]?.body).toMatchObject({ drop, images: plan.images, since: exampleEarlier })
    expect(phaseOf(story.state)).toBe('building')
  })

  it('ends unchanged when nothing has changed, and says so once, in whatever order it hears of it', () => {
    for (const events of [
      [conditional, compared(), compared(), compared('ec2.x86_64')],
      [compared(), conditional, conditional],
    ]) {
      const story = given(...events)
      expect(story.events.map(tell)).toEqual(['drop.comparison.requested', 'drop.unchanged'])
      expect(find(story.events, 'drop.unchanged.v1')).toMatchObject({ drop, since: exampleEarlier.drop })
      expect(phaseOf(story.state)).toBe('unchanged')
    }
  })

  it('is built whole when one image would be made of something else, each with what it is made of', () => {
    const story = given(conditional, compared('ec2.x86_64'), compared())
    expect(story.events.map(tell)).toEqual(['drop.comparison.requested', ...wanted])
    expect(story.events.slice(1).map(({ body }) => body)).toMatchObject([{ wantsInputs: true }, { wantsInputs: true }])
  })

  it('is built at once when there is no earlier drop, each image with what it is made of', () => {
    const story = given(scheduled({ onlyIfChanged: { since: null } }))
    expect(story.events.map(tell)).toEqual(wanted)
    expect(story.events[0]?.body).toMatchObject({ wantsInputs: true })
    expect(given(scheduled()).events[0]?.body).not.toHaveProperty('wantsInputs')
  })

  it('is built after all when a person wants it; nothing else can be done to it', () => {
    const past = [conditional, compared()]
    expect(when(past, asks('retry')).events.map(tell)).toEqual(wanted)
    for (const event of [asks('blessing'), asks('cancellation'), asks('supersession'), expiryReached(false)]) {
      expect(when(past, event)).toMatchObject({
        events: [],
        phase: 'unchanged',
        ignored: `${drop} is unchanged; it can only be retried`,
      })
    }
  })

  it('fails when it cannot be compared, and is compared by a retry', () => {
    const past = [conditional, dropFailed('builder')]
    expect(phaseOf(given(...past).state)).toBe('failed')
    expect(when([...past, asks('retry')], compared())).toMatchObject({ phase: 'unchanged' })
  })

  it('stays cancelled, whatever comes of the comparison, and is built when it is taken up again after that', () => {
    const past = [conditional, asks('cancellation'), compared()]
    expect(phaseOf(given(...past).state)).toBe('cancelled')
    expect(when(past, asks('retry')).events.map(tell)).toEqual(wanted)
  })

  it('tells with its images what they are made of', () => {
    const inputs = { engine: 'mkosi 24.3' }
    const noted = [...passes(generic), ...passes(ec2)].map((event) =>
      event.subject === 'image.built.v1' ? { ...event, body: { ...event.body, inputs } } : event,
    )
    const story = given(scheduled({ onlyIfChanged: { since: null } }), ...noted)
    expect(find(story.events, 'drop.ready.v1')).toMatchObject({
      images: [{ evidence: { inputs } }, { evidence: { inputs } }],
    })
  })
})
