import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { provideIrcNetwork, type IrcNetwork } from '#test/brokers/inspircd.ts'
import { provideNgircd } from '#test/brokers/ngircd.ts'
import { freePort, type Server } from '#test/brokers/server.ts'
import { published } from '../../testing/news.ts'
import { body, drop, line, newChannel, spokenIn } from './testing/channels.ts'
import { listenIn } from './testing/listener.ts'
import { openOnIrc } from './testing/networks.ts'

let network: IrcNetwork
let simple: Server

beforeAll(async () => {
  ;[network, simple] = await Promise.all([provideIrcNetwork(), provideNgircd()])
  await using registrar = await listenIn(network.url, '#accounts', 'imagedrop')
  registrar.send('PRIVMSG NickServ :REGISTER secret nobody@example.org')
  await registrar.hear(/is now registered/)
  registrar.send(`PRIVMSG NickServ :CERT ADD ${network.fingerprint}`)
  await registrar.hear(/fingerprint .* added|Added fingerprint/i)
  // The account's nick is to be free for those who log in to it.
  registrar.send('QUIT')
  await registrar.gone()
}, 120_000)
afterAll(() => Promise.all([network, simple].map((one) => one[Symbol.asyncDispose]())))

/** A network of the file that logs in by password. */
const withPassword = () => ({
  server: network.tlsUrl,
  caFile: network.files.ca,
  sasl: { account: 'imagedrop', passwordFile: 'right' },
})

describe('a published drop is told in one line', () => {
  it('over TLS, by one who has logged in with a password, and leads to the page', async () => {
    const channel = newChannel()
    await using people = await listenIn(network.url, channel)
    const env = { IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org' }
    await using announcer = await openOnIrc(
      { test: { ...withPassword(), stays: true, channels: { [channel]: {} } } },
      env,
    )
    await using _staying = announcer.stay()
    const [said] = await announcer.hear(published(body))
    await people.settle()
    expect(spokenIn(people, channel)).toEqual([
      `NOTICE ${channel} :${line} https://cloud.example.org/drops/${drop}.html`,
    ])
    expect(said?.body).toMatchObject({
      told: expect.arrayContaining([{ channel: 'irc', to: `test/${channel}`, id: drop }]),
    })
    people.send('WHOIS imagedrop')
    expect(await people.hear(/ 330 /)).toContain('imagedrop imagedrop')
    expect(await people.hear(/ 671 /)).toContain('secure connection')
  })

  it('by one who has logged in with a certificate', async () => {
    const channel = newChannel()
    await using people = await listenIn(network.url, channel)
    const { ca: caFile, cert: certFile, key: keyFile } = network.files
    const external = { server: network.tlsUrl, caFile, certFile, keyFile, sasl: 'external' }
    await using announcer = await openOnIrc({ test: { ...external, stays: true, channels: { [channel]: {} } } })
    await using _staying = announcer.stay()
    await announcer.hear(published(body))
    await people.settle()
    expect(spokenIn(people, channel)).toHaveLength(1)
    people.send('WHOIS imagedrop')
    expect(await people.hear(/ 330 /)).toContain('imagedrop imagedrop')
  })
})

describe('nothing is said', () => {
  it.each([
    [
      'a wrong password',
      { sasl: { account: 'imagedrop', passwordFile: 'wrong' } },
      'PermanentError',
      /^irc: test: SASL PLAIN failed/,
    ],
    ['a certificate that nobody trusts', { caFile: null }, 'TransientError', /self-signed certificate/],
  ])('with %s', async (_name, change, name, message) => {
    const channel = newChannel()
    await using people = await listenIn(network.url, channel)
    await using announcer = await openOnIrc({ test: { ...withPassword(), ...change, channels: { [channel]: {} } } })
    await expect(announcer.hear(published(body))).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    })
    await people.settle()
    expect(people.lines.filter((one) => one.includes(' JOIN '))).toHaveLength(1)
  })
})

describe('each channel is told what it chose', () => {
  it('also on several networks, and one that is away keeps no other from it', async () => {
    const channel = newChannel()
    await using people = await listenIn(simple.url, channel)
    await using others = await listenIn(network.url, channel)
    const nobody = { server: `irc://127.0.0.1:${String(await freePort())}`, channels: { '#x': {} } }
    await using announcer = await openOnIrc({
      away: nobody,
      test: { server: simple.url, channels: { [channel]: {} } },
      other: { server: network.url, channels: { [channel]: {} } },
    })
    for (let time = 0; time < 2; time += 1) {
      await expect(announcer.hear(published(body))).rejects.toMatchObject({
        name: 'TransientError',
        message: expect.stringMatching(/^irc: away: the connection is gone: .*ECONNREFUSED/),
      })
    }
    await people.settle()
    await others.settle()
    expect(spokenIn(people, channel)).toHaveLength(1)
    expect(spokenIn(others, channel)).toHaveLength(1)
  })
})

describe('a channel that will not have us', () => {
  it('as it is moderated refuses for good', async () => {
    const channel = newChannel()
    await using owner = await listenIn(network.url, channel)
    owner.send(`MODE ${channel} +m`)
    await owner.settle()
    await using announcer = await openOnIrc({ test: { server: network.url, channels: { [channel]: {} } } })
    await expect(announcer.hear(published(body))).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringMatching(/NOTICE .*404/),
    })
  })
})
