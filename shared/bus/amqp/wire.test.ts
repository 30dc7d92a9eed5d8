import { describe, expect, it } from 'vitest'
import { say } from '#events/define.ts'
import { composeStatusChanged } from '#events/compose.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { seal, type Envelope } from '#events/envelope.ts'
import { imageFailed } from '#events/image-failed.ts'
import { imageRequested } from '#events/image-requested.ts'
import { ownEvents } from '#events/index.ts'
import { InvalidEvent, parseIncoming } from '#events/parse.ts'
import { fromMessage, type Received } from './from-message.ts'
import { routingKeyOf, schemaNameOf, toMessage, usersOf } from './wire.ts'

const now = new Date('2026-02-03T04:05:06.789Z')
const as = (topicPrefix: string) => ({ topicPrefix, account: 'imagedrop-builder' })
const id = '0f0f7b7e-3f3c-4c3e-9d0a-8f6b9c2a1d55'

describe('writing', () => {
  it('has the properties and headers of fedora-messaging, to the letter', () => {
    const event = seal(say(imageFailed, imageFailed.example), { now, id })
    expect(toMessage(event, as('org.fedoraproject.prod'))).toEqual({
      routingKey: 'org.fedoraproject.prod.image.failed.v1',
      content: Buffer.from(JSON.stringify(imageFailed.example)),
      properties: {
        contentType: 'application/json',
        contentEncoding: 'utf-8',
        messageId: id,
        userId: 'imagedrop-builder',
        persistent: true,
        headers: {
          fedora_messaging_schema: 'imagedrop.image.failed.v1',
          fedora_messaging_schema_package: 'imagedrop_messages',
          fedora_messaging_severity: { debug: 10, info: 20, warning: 30, error: 40 }[imageFailed.severity],
          'sent-at': '2026-02-03T04:05:06+00:00',
          priority: 0,
          imagedrop_time: '2026-02-03T04:05:06.789Z',
          imagedrop_drop: imageFailed.example.drop,
        },
      },
    })
  })

  it('names the person whom an event was said for, and nobody else', () => {
    const headers = (by: string) =>
      toMessage(seal(say(dropBlessed, { ...dropBlessed.example, by }), { now }), as('')).properties.headers
    expect(headers('dgilmore')).toHaveProperty('fedora_messaging_user_dgilmore', true)
    expect(Object.keys(headers('policy')).join()).not.toContain('_user_')
    expect(usersOf({ by: 'milestone-Fedora-19-20130521.0' })).toEqual([])
    expect(usersOf({ by: 7 })).toEqual([])
    expect(usersOf(null)).toEqual([])
  })

  it('passes on events of others as what they are: messages of no schema', () => {
    const event = seal(say(composeStatusChanged, composeStatusChanged.example), { now })
    const { headers } = toMessage(event, as('')).properties
    expect(headers).toMatchObject({ fedora_messaging_schema: 'base.message', fedora_messaging_severity: 20 })
    expect(headers).not.toHaveProperty('fedora_messaging_schema_package')
    expect(schemaNameOf('drop.ready.v1')).toBe('imagedrop.drop.ready.v1')
  })

  it.each([
    ['', 'image.built.v1'],
    ['org.example.dev', 'org.example.dev.image.built.v1'],
    ['org.example.dev.', 'org.example.dev.image.built.v1'],
  ])('puts the prefix %j before the subject', (prefix, key) => {
    expect(routingKeyOf('image.built.v1', prefix)).toBe(key)
  })
})

describe('reading', () => {
  it.each(ownEvents.map((one) => [one.subject, one] as const))('gives back %s as it was written', (_, definition) => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const cause = { ...seal(say(imageRequested, imageRequested.example), { now }), trace }
    const event: Envelope = seal({ subject: definition.subject, body: definition.example }, { now, causation: cause })
    const message = received(toMessage(event, as('org.example.dev')))
    expect(read(message, 'org.example.dev')).toEqual({ ...event, sender: 'imagedrop-builder' })
  })

  const body = composeStatusChanged.example
  const content = Buffer.from(JSON.stringify(body))
  const topic = 'org.fedoraproject.prod.pungi.compose.status.change'

  it.each([
    'pungi.compose.status.change',
    'org.fedoraproject.prod.pungi.compose.status.change',
    'org.fedoraproject.stg.pungi.compose.status.change',
    'org.example.dev.pungi.compose.status.change',
  ])('knows a compose message on the topic %s', (routingKey) => {
    const event = read({ routingKey, content, properties: { messageId: id } }, 'org.example.dev')
    expect(event).toMatchObject({ id, subject: 'pungi.compose.status.change', body })
  })

  it('takes a message without any property or header, and gives it the same id each time', () => {
    const bare: Received = { routingKey: topic, content, properties: {} }
    const event = read(bare)
    expect(event).toMatchObject({ drop: null, causation: null, trace: null, time: now.toISOString(), body })
    expect(read(bare).id).toBe(event.id)
    expect(read({ ...bare, content: Buffer.from(JSON.stringify({ ...body, status: 'DOOMED' })) }).id).not.toBe(event.id)
  })

  it.each([
    ['a version 1 UUID', 'f3c2a0d2-6c1f-11ee-b962-0242ac120002'],
    ['no UUID at all', 'compose-7'],
  ])('makes its own id from a message id that is %s, the same each time', (_, messageId) => {
    const event = read({ routingKey: topic, content, properties: { messageId } })
    expect(event.id).not.toBe(messageId)
    expect(
      read({
        routingKey: topic,
        content: Buffer.from('{"compose_id":"x","status":"y","location":"z"}'),
        properties: { messageId },
      }).id,
    ).toBe(event.id)
  })

  it('reads the envelope of fedmsg, as the bridge passes it on', () => {
    const fedmsg = { i: 1, timestamp: 1449600728, msg_id: `2015-${id}`, topic, username: 'root', msg: body }
    const event = read({ routingKey: topic, content: Buffer.from(JSON.stringify(fedmsg)), properties: {} })
    expect(event).toMatchObject({ id, time: '2015-12-08T18:52:08.000Z', body })
  })

  it.each([
    ['sent-at with an offset', { headers: { 'sent-at': '2024-09-12T03:55:05+02:00' } }, '2024-09-12T01:55:05.000Z'],
    ['the timestamp property', { timestamp: 1726106105 }, '2024-09-12T01:55:05.000Z'],
    ['nothing that is a time', { headers: { 'sent-at': 'yesterday' } }, now.toISOString()],
  ])('takes the time from %s', (_, properties, time) => {
    expect(read({ routingKey: topic, content, properties }).time).toBe(time)
  })

  it.each([
    ['what is no JSON', 'no { JSON', undefined, /not JSON in utf-8, got "no \{ JSON"/],
    ['a list', '[1]', undefined, /not a JSON object, got \[1\]/],
    ['null', 'null', undefined, /not a JSON object, got null/],
    ['nothing', '', undefined, /not JSON/],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), undefined, /not JSON in utf-8/],
    ['an encoding that nobody knows', '{}', 'rot13', /not JSON in rot13/],
  ])('refuses %s', (_, sent, contentEncoding, message) => {
    const wrong = { routingKey: topic, content: Buffer.from(sent), properties: { contentEncoding } }
    expect(() => read(wrong)).toThrow(InvalidEvent)
    expect(() => read(wrong)).toThrow(message)
  })

  it('refuses a topic that it does not know, and a header that is no cause', () => {
    expect(() => read({ routingKey: 'org.example.dev.bodhi.update', content, properties: {} })).toThrow(/bodhi\.update/)
    const headers = { imagedrop_causation: 'because' }
    expect(() => read({ routingKey: topic, content, properties: { headers } })).toThrow(/causation: .*"because"/)
  })
})

function read(message: Received, topicPrefix = ''): Envelope {
  return parseIncoming(fromMessage(message, topicPrefix, now))
}

/** As it comes out of the broker. */
function received({ routingKey, content, properties }: ReturnType<typeof toMessage>): Received {
  return { routingKey, content, properties }
}
