import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Said } from '#events/define.ts'
import { uuidFrom } from '#events/envelope.ts'
import { house } from '#test/support/house.ts'
import { branchedStarted, candidate, rawhideIncomplete } from '../compose/testing/example-messages.ts'
import { readSchedulerConfig } from '../config.ts'
import { readPolicy } from '../policy/read-policy.ts'
import { createRoutes } from './routes.ts'
import { ensureToken, readToken, readTokens, tokenPath } from './token.ts'

const policy = readPolicy(join(import.meta.dirname, '../../../deploy/drops.yaml'), house)
const token = 'a-token-of-some-length'
const janesToken = 'another-token-of-some-length'

describe('POST /composes', () => {
  let app: FastifyInstance
  let said: { event: Said; sender: string }[]

  beforeEach(() => {
    said = []
    app = fastify()
    const now = () => new Date('2026-07-14T09:00:00Z')
    const tokens = new Map(Object.entries({ api: token, jane: janesToken }))
    createRoutes({ policy, allowed: policy.allowedLocations, tokens, now })(app, {
      takeIn(event, { sender, seed }) {
        said.push({ event, sender })
        return Promise.resolve(seed === undefined ? randomUUID() : uuidFrom(seed))
      },
    })
  })
  afterEach(() => app.close())

  const post = async (payload: string | object, headers: Record<string, string> = {}) =>
    await app.inject({
      method: 'POST',
      url: '/composes',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      payload,
    })

  it('says the message, and answers with the id of the event', async () => {
    const answer = await post(rawhideIncomplete)
    expect(answer.statusCode).toBe(202)
    expect(said).toMatchObject([{ event: { subject: 'pungi.compose.status.change', body: rawhideIncomplete } }])
    expect(answer.json()).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string })
  })

  it('takes whoever the token was given to for the sender', async () => {
    await post(rawhideIncomplete)
    await post(rawhideIncomplete, { authorization: `Bearer ${janesToken}` })
    expect(said.map(({ sender }) => sender)).toEqual(['api', 'jane'])
  })

  it('gives the same event to a message with an id of its own that is posted twice', async () => {
    const dump = { topic: 'org.fedoraproject.prod.pungi.compose.status.change', id: 'a1', body: rawhideIncomplete }
    const ids = [await post(dump), await post(dump)].map((answer) => answer.json<{ id: string }>().id)
    expect(ids[0]).toBe(ids[1])
    const without = [await post(rawhideIncomplete), await post(rawhideIncomplete)].map(
      (answer) => answer.json<{ id: string }>().id,
    )
    expect(without[0]).not.toBe(without[1])
  })

  it('takes a message of any content type, as tools send them', async () => {
    const answer = await post(JSON.stringify(branchedStarted), { 'content-type': 'application/x-www-form-urlencoded' })
    expect(answer.statusCode).toBe(202)
  })

  it('takes a message of before Pungi 4', async () => {
    await post({ topic: 'org.fedoraproject.prod.compose.branched.complete', msg: { log: 'done', branch: '18' } })
    expect(said).toMatchObject([{ event: { subject: 'compose.branched.complete', body: { branch: '18' } } }])
  })

  it.each<[string, string | object, object]>([
    ['text that is not JSON', '{', { field: 'message' }],
    ['nothing', '', { field: 'message' }],
    ['a list', '[]', { field: 'message' }],
    ['a missing field', { ...rawhideIncomplete, status: undefined }, { field: 'status', value: null }],
    ['an unknown topic', { topic: 'x', body: {} }, { field: 'topic', value: 'x' }],
    ['a path in the id', { ...rawhideIncomplete, compose_id: '../x' }, { field: 'compose_id', value: '../x' }],
    [
      'a place elsewhere',
      { ...rawhideIncomplete, location: 'file:///etc' },
      { field: 'location', value: 'file:///etc' },
    ],
    [
      'an unknown distribution',
      { ...rawhideIncomplete, compose_id: 'Slackware-15-20240214.n.0' },
      { field: 'compose_id', value: 'Slackware-15-20240214.n.0' },
    ],
    ['a bad label', candidate('43', 'Beta', '20250912'), { field: 'compose_label', value: 'Beta' }],
    [
      'a type that is not that of the id',
      { ...rawhideIncomplete, compose_type: 'production' },
      { field: 'compose_type', value: 'production' },
    ],
    ['a branch that is none', { branch: 'f19', log: 'done' }, { field: 'branch', value: 'f19' }],
    ['a branch that the policy does not know', { branch: '0' }, { field: 'branch', value: '0' }],
    ['a day that is none', { branch: '19', compose_date: '20130231' }, { field: 'compose_date', value: '20130231' }],
  ])(
    'answers %s with 400, the field and its value, in each form that a message has',
    async (_what, payload, expected) => {
      for (const form of typeof payload === 'string' ? [payload] : formsOf(payload)) await expectRefusal(form, expected)
    },
  )

  async function expectRefusal(payload: string | object, expected: object): Promise<void> {
    const answer = await post(payload)
    expect([answer.statusCode, answer.json()]).toMatchObject([400, expected])
    expect(answer.json<{ message: string }>().message).not.toBe('')
    expect(said).toEqual([])
  }

  it('takes a message of before Pungi 4 in each of its forms', async () => {
    for (const form of formsOf({ branch: '19', log: 'done', arch: '' })) expect((await post(form)).statusCode).toBe(202)
    expect(new Set(said.map(({ event }) => event.subject))).toEqual(new Set(['compose.branched.complete']))
  })

  it('takes what will be ignored, as one architecture of a compose', async () => {
    expect((await post({ branch: '19', arch: 'armhfp' })).statusCode).toBe(202)
  })

  it('answers more than a message can be with 413', async () => {
    expect((await post(`"${'x'.repeat(300_000)}"`)).statusCode).toBe(413)
  })

  it.each([{ authorization: 'Bearer wrong' }, { authorization: '' }, { authorization: `Basic ${token}` }])(
    'answers %j with 401, before it reads the message',
    async (headers) => {
      const answer = await post('{', headers)
      expect(answer.statusCode).toBe(401)
      expect(said).toEqual([])
    },
  )

  it('leaves other routes of the process as they are', async () => {
    app.get('/live', () => ({ status: 'OK' }))
    expect((await app.inject({ url: '/live' })).json()).toEqual({ status: 'OK' })
  })
})

/** A body alone, wrapped by fedora-messaging, by fedmsg, and by fedmsg within fedora-messaging. */
function formsOf(body: object): object[] {
  if ('topic' in body || Array.isArray(body)) return [body]
  const topic = `org.fedoraproject.prod.${'branch' in body ? 'compose.branched.complete' : 'pungi.compose.status.change'}`
  const headers = { fedora_messaging_severity: 20, 'sent-at': '2018-04-25T01:55:05+00:00' }
  const fedmsg = { i: 1, timestamp: 1449600728, msg_id: '2015-1d2c', topic, crypto: 'x509', msg: body }
  return [body, { topic, body }, { id: 'a1', topic, headers, body }, fedmsg, { topic, body: fedmsg }]
}

describe('the token of the HTTP API', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scheduler-token-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  it('is made once, by whoever comes first, for its owner alone', async () => {
    expect(await readToken(folder)).toBeNull()
    const tokens = await Promise.all(Array.from({ length: 8 }, () => ensureToken(folder)))
    expect(new Set(tokens).size).toBe(1)
    expect(tokens[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(await readToken(folder)).toBe(tokens[0])
    expect((await stat(tokenPath(folder))).mode & 0o777).toBe(0o600)
  })

  it.each([
    ['a-token-of-some-length', { api: 'a-token-of-some-length' }],
    [
      'jane:a-token-of-some-length, ci:another-of-some-length',
      { jane: 'a-token-of-some-length', ci: 'another-of-some-length' },
    ],
    ['1:2:a-token-of-some-length', { api: '1:2:a-token-of-some-length' }],
  ])('%s may have a name, and there may be several', (text, tokens) => {
    expect(Object.fromEntries(readTokens(text))).toEqual(tokens)
    expect(readSchedulerConfig({ IMAGEDROP_SCHEDULER_TOKEN: text }).token).toBe(text)
  })

  it.each([
    ['jane:short-one,ci:another-of-some-length', /IMAGEDROP_SCHEDULER_TOKEN: the token of jane: expected 16/],
    ['a-token-of-some-length,another-of-some-length', /expected another name for each token/],
  ])('%s stops the start', (text, reason) => {
    expect(() => readSchedulerConfig({ IMAGEDROP_SCHEDULER_TOKEN: text })).toThrow(reason)
  })

  it('is kept over restarts', async () => {
    await writeFile(tokenPath(folder), 'chosen by a person\n')
    expect(await ensureToken(folder)).toBe('chosen by a person')
  })
})
