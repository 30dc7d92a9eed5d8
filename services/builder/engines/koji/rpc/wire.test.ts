import { describe, expect, it } from 'vitest'
import { chapters, recorded, type Exchange } from '#test/fakes/koji/recorded/read.ts'
import { BadReply, decodeMessage, type Message } from './decode.ts'
import { encodeCall, encodeFault, encodeReply } from './encode.ts'
import { Float, type Value } from './value.ts'

const all = chapters.flatMap(recorded)

describe('what a real hub and the real client said to each other', () => {
  it.each(chapters)('%s: every request and reply is read, and written again byte for byte', (chapter) => {
    let seen = 0
    for (const exchange of recorded(chapter)) {
      for (const text of messagesOf(exchange)) {
        expect(write(decodeMessage(text)), `${String(exchange.id)} ${exchange.name}`).toBe(asWeWrite(text))
        seen++
      }
    }
    expect(seen).toBeGreaterThan(10)
  })

  it('is not all of one kind', () => {
    const kinds = all.flatMap(messagesOf).map((text) => decodeMessage(text).kind)
    for (const kind of ['call', 'reply', 'fault'])
      expect(kinds.filter((one) => one === kind).length).toBeGreaterThan(50)
  })
})

describe('values', () => {
  it.each<[string, Value]>([
    ['nil', null],
    ['false', false],
    ['an integer', -7],
    ['the largest of 32 bits', 2 ** 31 - 1],
    ['the smallest of 32 bits', -(2 ** 31)],
    ['more than 32 bits', 10_737_418_240],
    ['a fraction', 1795636598.2388504],
    ['text of markup, other alphabets and line breaks', 'a<b>&amp;]]> Größe 雪 \u2028 𝄞\n\tend '],
    ['an empty text', ''],
    ['bytes', Buffer.from([0, 1, 255])],
    ['a time', new Date('2026-11-25T19:00:00Z')],
    ['an empty list', []],
    ['an empty struct', {}],
    ['structs and lists in each other', { a: [{ b: [[]] }], __proto__x: 1 }],
  ])('%s comes back as it went', (_, value) => {
    expect(decodeMessage(encodeReply(value))).toEqual({ kind: 'reply', value })
  })

  it('a whole number can go out as a double', () => {
    expect(encodeReply(new Float(1))).toContain('<double>1.0</double>')
  })

  it('keywords are one more parameter that says so', () => {
    const message = decodeMessage(encodeCall('kiwiBuild', ['f43'], { scratch: true }))
    expect(message).toEqual({ kind: 'call', method: 'kiwiBuild', params: ['f43', { scratch: true, __starstar: true }] })
  })

  it('a struct with a member called __proto__ changes nothing else', () => {
    const reply = decodeMessage(
      '<methodResponse><params><param><value><struct><member><name>__proto__</name><value><struct><member><name>polluted</name>' +
        '<value>yes</value></member></struct></value></member></struct></value></param></params></methodResponse>',
    )
    expect(reply.kind === 'reply' && (reply.value as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it.each<[string, Value]>([
    ['a control character', 'a\u0000b'],
    ['half a character', '\ud800'],
    ['a number that is none', Number.NaN],
    ['an integer that is not exact', 2 ** 60],
  ])('%s is refused before it is sent', (_, value) => {
    expect(() => encodeReply(value)).toThrow(RangeError)
  })
})

describe('a reply that is none', () => {
  const reply = encodeReply({ id: 5, name: 'image' })
  it.each([
    ['is cut off', reply.slice(0, -30)],
    ['is empty', ''],
    ['is a page of a proxy', '<html><body>502 Bad Gateway</body></html>'],
    ['goes on after its end', `${reply}<x/>`],
    ['names an entity of its own', `<!DOCTYPE x [<!ENTITY a "b">]>${reply}`],
    ['has a type that there is not', reply.replaceAll('int>', 'integer>')],
    ['has an integer that is none', reply.replace('>5<', '>five<')],
    ['has two values', reply.replace('</params>', '<param><value>2</value></param></params>')],
    ['has none', '<methodResponse><params></params></methodResponse>'],
    ['is a fault without its text', encodeFault(1, 'x').replace('faultString', 'string')],
    ['is nested without end', '<methodResponse><params><param>' + '<value><array><data>'.repeat(100_000)],
  ])('%s', (_, text) => {
    expect(() => decodeMessage(text)).toThrow(BadReply)
  })
})

/** The XML of an exchange; uploads, pages and what the recordings broke on purpose are none. */
function messagesOf({ request, reply }: Exchange): string[] {
  const texts: string[] = []
  const sound = !('raw' in reply) && reply.status === 200
  // What was typed by hand has no line break after its first line.
  if (
    sound &&
    request.body.startsWith("<?xml version='1.0'?>\n") &&
    request.headers['content-type'] !== 'application/octet-stream'
  ) {
    texts.push(request.body)
  }
  if (sound && reply.body.startsWith('<?xml')) texts.push(reply.body)
  return texts
}

function write(message: Message): string {
  switch (message.kind) {
    case 'reply':
      return encodeReply(message.value)
    case 'fault':
      return encodeFault(message.code, message.text)
    case 'call':
      return encodeCall(message.method, message.params)
  }
}

/** A double that is whole is read as any other number. */
function asWeWrite(text: string): string {
  return text.replaceAll(/<double>(-?\d+)\.0<\/double>/g, '<int>$1</int>')
}
