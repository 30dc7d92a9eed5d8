import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import type { EventDefinition } from './define.ts'
import { seal, uuidFrom } from './envelope.ts'
import { findEvent, foreignEvents, ownEvents } from './index.ts'
import { checkOutgoing, InvalidEvent, parseIncoming } from './parse.ts'
import { imageRequested } from './image-requested.ts'

const all: readonly EventDefinition[] = [...ownEvents, ...foreignEvents]
const now = new Date('2026-01-01T00:00:00Z')

describe.each(all.map((event) => [event.subject, event] as const))('%s', (subject, event) => {
  const sealed = seal({ subject, body: event.example }, { now })

  it('has an example that may be published and comes back the same', () => {
    checkOutgoing(sealed)
    expect(parseIncoming(JSON.parse(JSON.stringify(sealed)))).toEqual(sealed)
  })

  it('has a summary of one line that names no undefined thing', () => {
    const summary = event.summary(event.example)
    expect(summary).not.toMatch(/\n|undefined|null|\[object|\?/)
    expect(summary.length).toBeGreaterThan(10)
  })

  it('can be written as a JSON Schema', () => {
    expect(z.toJSONSchema(event.schema, { target: 'draft-7' })).toHaveProperty('type', 'object')
  })

  it('is found by its subject', () => {
    expect(findEvent(subject)).toBe(event)
  })
})

it('subjects are unique, and ours are versioned', () => {
  const subjects = all.map((event) => event.subject)
  expect(new Set(subjects).size).toBe(subjects.length)
  expect(ownEvents.map((event) => event.subject).filter((subject) => !/\.v\d+$/.test(subject))).toEqual([])
})

describe('unknown fields', () => {
  const body = { ...imageRequested.example, image: { ...imageRequested.example.image, colour: 'blue' } }
  const sealed = seal({ subject: 'image.requested.v1', body }, { now })

  it('are refused when we publish, naming where they are', () => {
    expect(() => {
      checkOutgoing(sealed)
    }).toThrow(/image: Unrecognized key: "colour"/)
  })

  it('are dropped when we consume, at any depth', () => {
    const received = { ...sealed, extra: 1 }
    expect(parseIncoming(received)).toEqual({ ...sealed, body: imageRequested.example })
  })
})

describe('invalid events', () => {
  const sealed = seal({ subject: 'image.requested.v1', body: imageRequested.example }, { now })

  it.each([
    ['a missing field', { ...imageRequested.example, compose: undefined }, /compose: .*got nothing/],
    ['a wrong value', { ...imageRequested.example, drop: '../../etc' }, /drop: .*got "\.\.\/\.\.\/etc"/],
    ['a wrong type', { ...imageRequested.example, image: 7 }, /image: .*got 7/],
  ])('with %s are refused, naming field and value', (_what, body, message) => {
    expect(() => parseIncoming({ ...sealed, body })).toThrow(InvalidEvent)
    expect(() => parseIncoming({ ...sealed, body })).toThrow(message)
  })

  it('of an unknown subject are refused', () => {
    expect(() => parseIncoming({ ...sealed, subject: 'image.painted.v1' })).toThrow('image.painted.v1')
  })

  it('that are no object are refused', () => {
    expect(() => parseIncoming('text')).toThrow(InvalidEvent)
  })
})

it('a seed always makes the same UUIDv4, and another seed another', () => {
  expect(uuidFrom('a')).toBe(uuidFrom('a'))
  expect(uuidFrom('a')).not.toBe(uuidFrom('b'))
  expect(z.uuidv4().safeParse(uuidFrom('a')).success).toBe(true)
})
