import { describe, expect, it } from 'vitest'
import { composeStatusChanged } from '#events/compose.ts'
import { dropCancelled } from '#events/drop-cancelled.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { InvalidEvent } from '#events/parse.ts'
import { severityNumbers } from '../headers.ts'
import { covers, createSubjects } from './subjects.ts'
import { fromMessage, toMessage, type IncomingMessage } from './wire.ts'

const cause = {
  ...seal(say(dropCancelled, dropCancelled.example), { now: new Date() }),
  trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
}
const event = seal(say(dropCancelled, dropCancelled.example), { now: new Date(), causation: cause })

describe('the message of an event', () => {
  it('has the body alone as its data, and everything else in headers', () => {
    const { id, headers, data } = toMessage(event)
    expect(id).toBe(event.id)
    expect(JSON.parse(data)).toEqual(event.body)
    expect(headers).toEqual({
      fedora_messaging_schema: 'imagedrop.drop.cancelled.v1',
      fedora_messaging_severity: String(severityNumbers[dropCancelled.severity]),
      'sent-at': event.time,
      imagedrop_drop: event.drop,
      imagedrop_causation: cause.id,
      traceparent: cause.trace,
    })
  })

  it('is read as the event that was sent', () => {
    expect(fromMessage(incoming())).toEqual(event)
  })

  it.each([
    ['no id', { 'Nats-Msg-Id': '' }],
    ['an id that is no UUID', { 'Nats-Msg-Id': '2013-1234' }],
  ])('with %s gets an id that is the same at every delivery, and another for another message', (_what, headers) => {
    const { id } = fromMessage(incoming({ headers }))
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(fromMessage(incoming({ headers })).id).toBe(id)
    expect(fromMessage(incoming({ headers, seq: 8 })).id).not.toBe(id)
  })

  it.each([
    ['no time', '', '2013-05-21T12:00:00.000Z'],
    ['a time that is none', 'yesterday', '2013-05-21T12:00:00.000Z'],
    ['a time as fedora-messaging writes it', '2013-05-21T10:00:00+00:00', '2013-05-21T10:00:00.000Z'],
  ])('with %s is read with a time all the same', (_what, sentAt, time) => {
    expect(fromMessage(incoming({ headers: { 'sent-at': sentAt } })).time).toBe(time)
  })

  it('without most of our headers is still read', () => {
    const headers = { imagedrop_drop: '', imagedrop_causation: 'x', traceparent: '' }
    expect(fromMessage(incoming({ headers }))).toEqual({ ...event, drop: null, causation: null, trace: null })
  })

  it.each([
    ['another event', 'imagedrop.image.built.v1'],
    ['none', ''],
  ])(
    'is refused when it says that it is %s: it may be an answer that the server was told to send there',
    (_what, schema) => {
      const headers = { fedora_messaging_schema: schema }
      expect(() => fromMessage(incoming({ headers }))).toThrow(`is not imagedrop.drop.cancelled.v1, got "${schema}"`)
    },
  )

  it('of others needs no header at all', () => {
    const { subject, example } = composeStatusChanged
    const message = { ...incoming({ data: JSON.stringify(example) }), subject, header: () => '' }
    expect(fromMessage(message)).toMatchObject({ subject, body: example, sender: null })
  })

  it.each([
    ['no JSON', 'no { JSON', /body is not JSON, got "no { JSON"/],
    ['no UTF-8', Buffer.from([0xff, 0xfe]), /body is not JSON/],
    ['a body that its subject does not allow', '{"drop":7}', /drop: .*got 7/],
  ])('is refused with field and value when it holds %s', (_what, data, reason) => {
    expect(() => fromMessage(incoming({ data }))).toThrow(InvalidEvent)
    expect(() => fromMessage(incoming({ data }))).toThrow(reason)
  })
})

describe('subjects', () => {
  it.each([['org.example.dev'], ['org.example.dev.'], ['']])('behind the prefix %j are found again', (prefix) => {
    const subjects = createSubjects(prefix)
    expect(subjects.eventOf(subjects.of('image.built.v1'))).toEqual({ event: 'image.built.v1', sender: null })
    expect(subjects.eventOf(subjects.dead('builder'))).toBeNull()
    expect(subjects.stored).toContain(subjects.of('pungi.compose.status.change'))
    expect(subjects.stored.every((subject) => !subject.includes('progress'))).toBe(true)
  })

  it('tell who asks, for what operators ask and nothing else', () => {
    const subjects = createSubjects('p')
    const request = 'drop.blessing.requested.v1'
    expect(subjects.of(request, 'jane')).toBe('p.drop.blessing.requested.v1.by.jane')
    expect(subjects.eventOf('p.drop.blessing.requested.v1.by.jane')).toEqual({ event: request, sender: 'jane' })
    expect(subjects.eventOf(subjects.of(request))).toEqual({ event: request, sender: null })
    expect(subjects.of('image.built.v1', 'jane')).toBe('p.image.built.v1')
    expect(() => subjects.of(request, 'jane.doe')).toThrow('expected a sender without dots, stars and spaces')
    expect(subjects.placesOf(request)).toEqual([`p.${request}`, `p.${request}.by.*`])
  })

  it('refuse a prefix that would be a wildcard', () => {
    expect(() => createSubjects('org.*')).toThrow('subjectPrefix: expected words joined by dots, got "org.*"')
  })

  it.each([
    ['p.drop.ready.v1', 'p.drop.ready.v1', true],
    ['p.*.ready.v1', 'p.drop.ready.v1', true],
    ['p.>', 'p.drop.ready.v1', true],
    ['p.dead.*', 'p.dead.*', true],
    ['p.dead.builder', 'p.dead.*', false],
    ['p.drop.>', 'p.drop', false],
    ['p.*', 'p.drop.ready.v1', false],
    ['p.drop.ready', 'p.drop.ready.v1', false],
  ])('behind the filter %s are let through as %s: %s', (filter, subject, passes) => {
    expect(covers([filter], subject)).toBe(passes)
    expect(covers(['q.x', filter], subject)).toBe(passes)
  })
})

function incoming(
  change: { headers?: Record<string, string>; data?: string | Buffer; seq?: number } = {},
): IncomingMessage {
  const message = toMessage(event)
  const headers: Record<string, string> = { 'Nats-Msg-Id': message.id, ...message.headers, ...change.headers }
  return {
    subject: event.subject,
    sender: null,
    header: (name) => headers[name] ?? '',
    data: Buffer.from(change.data ?? message.data),
    stream: 'IMAGEDROP',
    seq: change.seq ?? 7,
    storedAt: new Date('2013-05-21T12:00:00Z'),
  }
}
