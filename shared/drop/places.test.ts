import { describe, expect, it } from 'vitest'
import type { DropEvent } from './events.ts'
import { outcomeOf } from './image.ts'
import { phaseOf } from './phase.ts'
import { unknownImage } from './state.ts'
import {
  asks,
  built,
  converted,
  ec2,
  generic,
  imageFailed,
  imagePublished,
  missingIn,
  mirrored,
  passes,
  publishers,
  scheduled,
  staged,
  tell,
  tested,
  uploaded,
} from './testing/drop-events.ts'
import { both, find, given, when } from './testing/story.ts'

describe('a drop whose images go to several places', () => {
  it('waits for the upload of an image that goes to EC2, and for no other', () => {
    const past = [scheduled(), ...passes(generic), built(ec2), tested(ec2), converted(ec2)]
    expect(given(...past).events.map(tell)).not.toContain('drop.ready')
    expect(when(past, uploaded(ec2)).events.map(tell)).toEqual(['drop.ready'])
  })

  it('goes on without an image in a place that its publisher does not wait for, and tells what is missing now', () => {
    const past = [scheduled({ images: [ec2] }), built(ec2), tested(ec2), converted(ec2)]
    const ready = [...past, missingIn(uploaded(ec2), 'far-1', 'far-2')]
    const missing = [{ place: 'far-1' }, { place: 'far-2' }]
    expect(find(given(...ready).events, 'drop.ready.v1')).toMatchObject({ images: [{ missing }] })
    const open = [...ready, staged(ec2), mirrored(ec2)]
    const told = (word: DropEvent) => find(given(...open, word).events, 'drop.published.v1')
    expect(told(missingIn(imagePublished(ec2), 'far-2'))).toMatchObject({ images: [{ missing: [{ place: 'far-2' }] }] })
    expect(told(imagePublished(ec2))).toMatchObject({ images: [expect.not.objectContaining({ missing })] })
  })

  describe('with an image for two more targets, one of which takes it from the mirror', () => {
    const moon = { ...ec2, targets: ['mirror', 'ec2', 'moon'] }
    const ready = [scheduled({ images: [moon] }), ...passes(moon)]
    const open = [...ready, staged(moon), mirrored(moon)]

    it('is ready without that which comes after the mirror', () => {
      expect(given(...ready).events.map(tell)).toEqual(['image.requested ec2.x86_64', 'drop.ready'])
    })

    it('is published when it is public in both, whichever is last', () => {
      expect(when([...open, imagePublished(moon)], imagePublished(moon, 'moon')).phase).toBe('published')
      expect(when([...open, imagePublished(moon, 'moon')], imagePublished(moon)).phase).toBe('published')
      expect(when([...open, imagePublished(moon)], imagePublished(moon)).phase).toBe('blessed')
    })

    it('says where it is registered in each', () => {
      const told = find(given(...open, imagePublished(moon), imagePublished(moon, 'moon')).events, 'drop.published.v1')
      expect(told).toMatchObject({ images: [{ registrations: [{ target: 'ec2' }, { target: 'moon' }] }] })
    })

    it('fails when one of them cannot publish it, and goes on when that is mended', () => {
      const broken = [...open, imagePublished(moon), imageFailed(moon, 'moon-publisher')]
      expect(phaseOf(given(...broken).state)).toBe('failed')
      expect(when([...broken, asks('retry')], imagePublished(moon, 'moon')).phase).toBe('published')
    })
  })

  describe('with an image for a target that comes after the publication', () => {
    const late = { ...ec2, targets: ['mirror', 'ec2', 'shop'] }
    const shop = { target: 'shop', service: 'shop-publisher', after: 'publication' as const }
    const open = [
      scheduled({ images: [late], publishers: [...publishers, shop] }),
      ...passes(late),
      staged(late),
      mirrored(late),
      imagePublished(late),
    ]

    it('is published without it, and learns later where it is', () => {
      const { state, events } = given(...open)
      expect([phaseOf(state), find(events, 'drop.published.v1')]).toMatchObject(['published', { images: [{}] }])
      const told = given(...open, imagePublished(late, 'shop')).state.images['ec2.x86_64']
      expect(Object.keys(told?.published ?? {})).toEqual(['ec2', 'shop'])
    })

    it('is no worse for its failure: the image has passed', () => {
      const state = given(...open, imageFailed(late, 'shop-publisher')).state
      expect(phaseOf(state)).toBe('published')
      expect(outcomeOf(late, state.images['ec2.x86_64'] ?? unknownImage, [...publishers, shop])).toBe('passed')
      expect(state.images['ec2.x86_64']?.failures).toHaveProperty('shop-publisher')
    })
  })
})

it('an image that goes to EC2 alone is not looked for on the mirror', () => {
  const past = [scheduled({ images: [generic, { ...ec2, targets: ['ec2'] }] }), ...both]
  expect(when(past, staged(generic)).phase).toBe('blessed')
})
