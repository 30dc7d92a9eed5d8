import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readComposeBody } from '../compose/compose-event.ts'
import { postRelease, rawhideIncomplete } from '../compose/testing/example-messages.ts'
import { Refused } from '../compose/refused.ts'
import { readComposeMessage } from './read-message.ts'

const topic = 'org.fedoraproject.prod.pungi.compose.status.change'
const short = 'pungi.compose.status.change'

describe('a compose message', () => {
  it.each<[string, unknown, object]>([
    ["Pungi's body alone", rawhideIncomplete, { topic: short, message: rawhideIncomplete, id: null }],
    ['a topic and a body', { topic: short, body: postRelease }, { topic: short, message: postRelease }],
    [
      'a fedora-messaging dump',
      {
        body: postRelease,
        headers: {
          fedora_messaging_schema: 'base.message',
          fedora_messaging_severity: 20,
          'sent-at': '2018-04-25T01:55:05+00:00',
        },
        id: '16856f57-56f9-4335-ba34-6c62a3b4f13b',
        queue: null,
        topic,
      },
      { topic: short, message: postRelease, id: '16856f57-56f9-4335-ba34-6c62a3b4f13b' },
    ],
    [
      'a fedmsg envelope',
      {
        i: 1,
        timestamp: 1449600728,
        msg_id: '2015-1d2c',
        topic,
        username: 'root',
        crypto: 'x509',
        msg: rawhideIncomplete,
      },
      { topic: short, message: rawhideIncomplete, id: '2015-1d2c' },
    ],
    [
      'a fedmsg envelope in a body',
      { topic, body: { topic, msg: rawhideIncomplete } },
      { topic: short, message: rawhideIncomplete },
    ],
    [
      'a Rawhide message of before Pungi 4',
      {
        timestamp: 1369139696.0,
        topic: 'org.fedoraproject.prod.compose.rawhide.complete',
        msg: { log: 'done', branch: 'rawhide' },
      },
      { topic: 'compose.rawhide.complete', message: { branch: 'rawhide', compose_date: '20130521' } },
    ],
    [
      'a branched body of before Pungi 4',
      { log: 'done', branch: '18', arch: '' },
      { topic: 'compose.branched.complete' },
    ],
    ['a Rawhide body of before Pungi 4', { log: 'done', branch: 'rawhide' }, { topic: 'compose.rawhide.complete' }],
  ])('is read from %s', (_what, content, expected) => {
    expect(readComposeMessage(JSON.stringify(content))).toMatchObject(expected)
  })

  it.each<[string, string, object]>([
    ['not JSON', 'hello', { field: 'message', message: expect.stringContaining('not JSON') as string }],
    ['empty', '', { field: 'message' }],
    ['a list', '[{},{}]', { field: 'message', message: 'expected one message, got a list of 2' }],
    ['a number', '7', { field: 'message', value: 7 }],
    ['null', 'null', { field: 'message', value: null }],
    ['of another topic', '{"topic":"buildsys.tag","body":{}}', { field: 'topic', value: 'buildsys.tag' }],
    ['of a topic that only ends like ours', '{"topic":"xcompose.rawhide.complete","body":{}}', { field: 'topic' }],
    ['of a topic that is no text', '{"topic":7,"body":{}}', { field: 'topic', value: 7 }],
    ['an envelope without a body', `{"topic":"${topic}"}`, { field: 'body' }],
    [
      'of before Pungi 4 in an envelope of no time',
      '{"topic":"compose.rawhide.complete","timestamp":"soon","msg":{"branch":"rawhide"}}',
      { field: 'timestamp', value: 'soon' },
    ],
    [
      'of before Pungi 4 that was sent in a year of five digits',
      '{"topic":"compose.rawhide.complete","headers":{"sent-at":1e14},"body":{"branch":"rawhide"}}',
      { field: 'sent-at', value: 1e14 },
    ],
  ])('that is %s is refused', (_what, text, expected) => {
    const refused = () => readComposeMessage(text)
    expect(refused).toThrow(Refused)
    expect(refused).toThrow(expect.objectContaining(expected))
  })

  it.each<[string, object, string]>([
    ['lacks its id', { compose_id: undefined }, 'compose_id'],
    ['lacks its status', { status: undefined }, 'status'],
    ['lacks its location', { location: undefined }, 'location'],
    ['has a number for its label', { compose_label: 7 }, 'compose_label'],
    ['has a text for its respin', { compose_respin: '0' }, 'compose_respin'],
  ])('that %s is refused with the field', (_what, change, field) => {
    const refused = () => readComposeBody(short, { ...rawhideIncomplete, ...change })
    expect(refused).toThrow(expect.objectContaining({ field, message: expect.stringMatching(`^${field}: `) as string }))
  })

  it('keeps the keys that nobody here knows', () => {
    expect(readComposeBody(short, { ...rawhideIncomplete, compose_path: '/mnt/x' }).body).toMatchObject({
      compose_path: '/mnt/x',
    })
  })

  it('is read or refused with a reason, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((it) => JSON.stringify(it)),
        ),
        (text) => {
          expect([null, Refused]).toContain(errorOf(text))
        },
      ),
    )
  })
})

function errorOf(text: string): unknown {
  try {
    const { topic, message } = readComposeMessage(text)
    readComposeBody(topic, message)
    return null
  } catch (error) {
    return error instanceof Error ? error.constructor : error
  }
}
