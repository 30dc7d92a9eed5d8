import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startHub, type Hub } from '#test/fakes/koji/hub.ts'
import { plantSession } from '#test/fakes/koji/sessions.ts'
import { createAuthority, type Authority } from '#test/fakes/koji/testing/certificates.ts'
import type { Credentials } from './credentials.ts'
import { ConnectionLost, HttpRefusal, NotTrusted } from './exchange.ts'
import { KojiFault } from './faults.ts'
import { createSession, type Session } from './session.ts'
import { BadReply } from './decode.ts'

let hub: Hub
let session: Session
beforeEach(async () => {
  hub = await startHub()
  session = open()
})
afterEach(async () => {
  await session[Symbol.asyncDispose]()
  await hub[Symbol.asyncDispose]()
})

const password = { kind: 'password', user: 'imagedrop', password: 'dummy-password' } as const
const open = (credentials: Credentials = password, url = hub.url) =>
  createSession({ hub: { url, authority: null }, credentials, pauses: [1, 1] })

const order = {
  method: 'buildImageOz',
  args: ['Fedora-Cloud-Base', '43', ['x86_64'], 'f43', 'https://compose.example.org/$arch/os'],
  keywords: { opts: { scratch: true } },
}
const whoAmI = { method: 'getLoggedInUser', args: [] }
const notSeen = () => Promise.resolve(null)
/** Looks whether the task is there, as the engine does. */
const seen = () => Promise.resolve([...hub.world.tasks.keys()].at(-1) ?? null)

describe('a session', () => {
  it('logs in at its first call, once for all, and logs out at its end', async () => {
    expect(await session.ask(whoAmI)).toMatchObject({ name: 'imagedrop' })
    await Promise.all(Array.from({ length: 5 }, () => session.ask(whoAmI)))
    await session[Symbol.asyncDispose]()
    expect(hub.heard.map(({ name }) => name)).toEqual([
      'login',
      ...Array.from({ length: 6 }, () => 'getLoggedInUser'),
      'logout',
    ])
    expect(hub.world.sessions.get(1)?.closed).toBe(true)
  })

  it('makes one call at a time, with rising numbers, however many ask', async () => {
    hub.disturbances.plan({ what: 'delay', milliseconds: 50 }, 'buildImageOz', 3)
    const made = await Promise.all(Array.from({ length: 20 }, () => session.change(order, notSeen)))
    expect(new Set(made).size).toBe(20)
    const numbers = hub.heard.filter(({ name }) => name === 'buildImageOz').map(({ callnum }) => Number(callnum))
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other))
    expect(new Set(numbers).size).toBe(20)
  })

  it('goes on after a call that failed', async () => {
    await expect(session.change({ ...order, args: ['Fedora'] }, notSeen)).rejects.toThrow(
      /missing 4 required positional/,
    )
    expect(await session.change(order, notSeen)).toBe(1)
  })

  it('renews itself when it has expired, keeping its id and the number of its calls', async () => {
    await session.change(order, notSeen)
    for (const task of [2, 3]) {
      hub.expire(1)
      expect(await session.change(order, notSeen)).toBe(task)
    }
    expect([...hub.world.sessions.keys()]).toEqual([1])
    expect(hub.world.sessions.get(1)?.callnum).toBeGreaterThan(2)
    // The reference client begins at 0 again and is refused with 1008 for a while.
    expect(hub.heard.filter(({ name }) => name === 'login')).toHaveLength(3)
  })

  it('logs in anew when the hub does not know it any more', async () => {
    await session.ask(whoAmI)
    hub.world.sessions.clear()
    expect(await session.change(order, notSeen)).toBe(1)
    expect(hub.world.sessions.size).toBe(1)
  })

  it('does not try for ever when every session is refused', async () => {
    await session.ask(whoAmI)
    const refused =
      '<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>1002</int></value></member>' +
      '<member><name>faultString</name><value>Invalid session or bad credentials</value></member></struct></value></fault></methodResponse>'
    hub.disturbances.plan({ what: 'body', body: refused }, 'buildImageOz', 50)
    await expect(session.change(order, notSeen)).rejects.toThrow(/Invalid session/)
    expect(hub.heard.length).toBeLessThan(10)
  })

  it('takes a higher number when something else has used the session, since the hub did nothing then', async () => {
    await session.ask(whoAmI)
    const one = hub.world.sessions.get(1)
    if (one) one.callnum = 5000
    expect(await session.change(order, notSeen)).toBe(1)
    expect(one?.callnum).toBe(5001)
  })

  it('tells who cannot log in', async () => {
    const wrong = open({ ...password, password: 'wrong' })
    await expect(wrong.ask(whoAmI)).rejects.toThrow('AuthError: invalid username or password')
  })

  it('speaks to hubs of before 1.32, which want the session in the query', async () => {
    const old =
      '<methodResponse><params><param><value><struct><member><name>session-id</name><value><int>7</int></value></member>' +
      '<member><name>session-key</name><value>2-old</value></member></struct></value></param></params></methodResponse>'
    plantSession(hub.world, { id: 7, key: '2-old', userId: 2 })
    hub.disturbances.plan({ what: 'body', body: old }, 'login')
    expect(await session.change(order, notSeen)).toBe(1)
    expect(hub.heard.at(-1)).toMatchObject({ name: 'buildImageOz', session: undefined })
    expect(hub.world.sessions.get(7)?.callnum).toBe(1)
  })

  it('stops waiting when it is told to; the hub may go on with that call before it takes the next', async () => {
    hub.disturbances.plan({ what: 'delay', milliseconds: 1_000 }, 'getLoggedInUser')
    const reason = new Error('not wanted any more')
    const stop = new AbortController()
    setTimeout(() => {
      stop.abort(reason)
    }, 50)
    await expect(session.ask(whoAmI, stop.signal)).rejects.toBe(reason)
    expect(await session.ask(whoAmI)).toMatchObject({ name: 'imagedrop' })
  })
})

describe('a change whose reply is lost', () => {
  it('is not made again when it can be seen at the hub', async () => {
    hub.disturbances.plan({ what: 'reply lost' }, 'buildImageOz')
    expect(await session.change(order, seen)).toBe(1)
    expect(hub.world.tasks.size).toBe(1)
    expect(hub.heard.filter(({ name }) => name === 'buildImageOz')).toHaveLength(1)
  })

  it('is refused by the hub when it is sent again under its number, and is then looked up', async () => {
    hub.disturbances.plan({ what: 'reply lost' }, 'buildImageOz')
    let asked = 0
    const atSecondLook = () => (asked++ === 0 ? notSeen() : seen())
    expect(await session.change(order, atSecondLook)).toBe(1)
    expect(hub.world.tasks.size).toBe(1)
    const sent = hub.heard.filter(({ name }) => name === 'buildImageOz')
    expect(sent).toHaveLength(2)
    expect(sent[1]).toEqual(sent[0])
  })

  it('is an error when it did arrive and yet cannot be seen', async () => {
    hub.disturbances.plan({ what: 'reply lost' }, 'buildImageOz')
    await expect(session.change(order, notSeen)).rejects.toMatchObject({ faultCode: 1009 })
    expect(hub.world.tasks.size).toBe(1)
  })

  it('is sent again, with the same bytes and number, when the request was lost', async () => {
    hub.disturbances.plan({ what: 'request lost' }, 'buildImageOz', 2)
    expect(await session.change(order, seen)).toBe(1)
    expect(hub.world.tasks.size).toBe(1)
    expect(new Set(hub.heard.filter(({ name }) => name === 'buildImageOz').map(({ callnum }) => callnum)).size).toBe(1)
  })

  it.each([502, 503, 504])('may have arrived when a proxy answers %i', async (status) => {
    hub.disturbances.plan({ what: 'status', status }, 'buildImageOz')
    expect(await session.change(order, seen)).toBe(1)
    expect(hub.world.tasks.size).toBe(1)
  })

  it('is given up when the connection stays broken', async () => {
    hub.disturbances.plan({ what: 'request lost' }, 'buildImageOz', 10)
    await expect(session.change(order, seen)).rejects.toThrow(ConnectionLost)
  })
})

describe('what is no Koji', () => {
  it('is told apart: nobody there', async () => {
    const nobody = open(password, 'http://127.0.0.1:1/kojihub')
    await expect(nobody.ask(whoAmI)).rejects.toMatchObject({ name: 'ConnectionLost', mayHaveArrived: false })
  })

  it('is told apart: a page, and one that sends us elsewhere', async () => {
    await expect(open(password, hub.url.replace('kojihub', 'wiki')).ask(whoAmI)).rejects.toThrow(HttpRefusal)
    hub.disturbances.plan({ what: 'redirect', to: 'https://elsewhere.example.org/kojihub' }, 'login')
    await expect(session.ask(whoAmI)).rejects.toThrow(/wants us to go to https:\/\/elsewhere\.example\.org/)
    hub.disturbances.plan({ what: 'body', body: '<html>welcome</html>' }, 'login')
    await expect(session.ask(whoAmI)).rejects.toThrow(BadReply)
  })

  it('is told apart: a reply that is cut off', async () => {
    hub.disturbances.plan({ what: 'cut', after: 40 }, 'getLoggedInUser', 10)
    await expect(session.ask(whoAmI)).rejects.toThrow(/broke off/)
  })
})

describe('a session by certificate', () => {
  let authority: Authority
  beforeEach(async () => {
    authority = await createAuthority()
  })
  afterEach(() => authority[Symbol.asyncDispose]())

  const serve = async (name: string, versions: object) => {
    const { chain, key } = await authority.issue(name)
    const tls = { cert: chain.pem, key: key.pem, ca: authority.certificate.pem, requestCert: true }
    return await hub.serveTls({ ...tls, rejectUnauthorized: false, ...versions })
  }
  const openTls = (url: string, credentials: Credentials, trusted = true) =>
    createSession({ hub: { url, authority: trusted ? authority.certificate : null }, credentials, pauses: [1, 1] })

  it('logs in below /ssllogin by TLS 1.2, renews there, and calls by whatever TLS the hub has', async () => {
    const { url } = await serve('localhost', {})
    const user = await authority.issue('imagedrop')
    await using mine = openTls(url, { kind: 'certificate', ...user })
    expect(await mine.change(order, notSeen)).toBe(1)
    hub.expire(1)
    expect(await mine.change(order, notSeen)).toBe(2)
    expect([...hub.world.sessions.keys()]).toEqual([1])
    expect(hub.world.sessions.get(1)).toMatchObject({ userId: 2, authtype: 2 })
  })

  it('goes by curl to a hub that has TLS 1.3 only, as Node cannot show a certificate after the handshake', async () => {
    const { url } = await serve('localhost', { minVersion: 'TLSv1.3' })
    const user = await authority.issue('imagedrop')
    await using mine = openTls(url, { kind: 'certificate', ...user })
    // The fake cannot ask after the handshake either; that curl was asked is what can be seen here.
    await expect(mine.ask(whoAmI)).rejects.toThrow(/HTTP 403: .*Post-Handshake/)
  })

  it('refuses a hub whose certificate is for another host, or signed by nobody whom we trust', async () => {
    const user = await authority.issue('imagedrop')
    const other = await serve('elsewhere.example.org', {})
    await expect(openTls(other.url, { kind: 'certificate', ...user }).ask(whoAmI)).rejects.toThrow(NotTrusted)
    const unknown = await serve('localhost', {})
    await expect(openTls(unknown.url, { kind: 'certificate', ...user }, false).ask(whoAmI)).rejects.toThrow(NotTrusted)
    expect(hub.heard).toEqual([])
  })

  it('is told that the hub does not know who signed for us', async () => {
    await using stranger = await createAuthority()
    const { url } = await serve('localhost', { rejectUnauthorized: true })
    const error: unknown = await openTls(url, { kind: 'certificate', ...(await stranger.issue('imagedrop')) })
      .ask(whoAmI)
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(KojiFault)
  })
})

describe('a session by Kerberos', () => {
  it('says what this host lacks for it, and what the login answered', async () => {
    const mine = open({ kind: 'gssapi', keytab: null, cache: 'FILE:/nonexistent' }, hub.url.replace('http:', 'https:'))
    await expect(mine.ask(whoAmI)).rejects.toThrow(/curl|GSSAPI|Kerberos/)
  })
})
