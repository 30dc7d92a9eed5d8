import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { provideIrcNetwork, type IrcNetwork } from '#test/brokers/inspircd.ts'
import { provideNgircd } from '#test/brokers/ngircd.ts'
import { freePort, type Server } from '#test/brokers/server.ts'
import { debianDrop } from '../../testing/drops.ts'
import { imageFailing, published, ready, superseded } from '../../testing/news.ts'
import { listenIn, type Listener } from './testing/listener.ts'
import { openOnIrc } from './testing/networks.ts'

const body = debianDrop()
const { drop } = body
const title = 'Debian 12 cloud images 20260711 (nightly)'
const line = `${title}: 4 of 4 images passed`
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

const spokenIn = ({ lines }: Listener, channel: string) =>
  lines
    .filter((one) => new RegExp(` (NOTICE|PRIVMSG|TOPIC) ${channel} `).test(one))
    .map((one) => one.replace(/^:\S+ /, ''))

let channels = 0
const newChannel = () => `#cloud${String((channels += 1))}`

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

/** A network of the file in the open, on the server that welcomes us at once. */
const plain = (channels: object) => ({ server: simple.url, channels })

describe('each channel is told what it chose', () => {
  it('as it chose, and other news in other channels', async () => {
    const [users, makers] = [newChannel(), newChannel()]
    await using people = await listenIn(simple.url, users)
    await using workers = await listenIn(simple.url, makers)
    await using announcer = await openOnIrc({
      test: plain({ [users]: {}, [makers]: { tells: ['waiting', 'failed'], as: 'message' } }),
    })
    await announcer.hear(imageFailing(body, 'no package named "cloud-int"'))
    await announcer.hear(ready(body))
    await announcer.hear(published(body))
    await announcer.hear(superseded(body, 'nightly-Debian-12-20260711.1'))
    await people.settle()
    await workers.settle()
    expect(spokenIn(people, users)).toEqual([
      `NOTICE ${users} :${line} (${drop})`,
      `NOTICE ${users} :${drop}: is superseded by nightly-Debian-12-20260711.1`,
    ])
    expect(spokenIn(workers, makers)).toEqual([
      `PRIVMSG ${makers} :${drop}: generic.x86_64 failed at builder (recipe): no package named "cloud-int"`,
      `PRIVMSG ${makers} :${drop}: waits for a blessing: 4 of 4 images passed`,
    ])
  })

  it('also on several networks, and one that is away keeps no other from it', async () => {
    const channel = newChannel()
    await using people = await listenIn(simple.url, channel)
    await using others = await listenIn(network.url, channel)
    const nobody = { server: `irc://127.0.0.1:${String(await freePort())}`, channels: { '#x': {} } }
    await using announcer = await openOnIrc({
      away: nobody,
      test: plain({ [channel]: {} }),
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
  it.each([
    ['bans us', (channel: string) => `MODE ${channel} +b *!*@*`, /JOIN .*474/],
    ['is for the invited', (channel: string) => `MODE ${channel} +i`, /JOIN .*473/],
    ['has a key', (channel: string) => `MODE ${channel} +k open`, /JOIN .*475/],
  ])('as it %s refuses for good, and costs no other its line', async (_why, mode, message) => {
    const [closed, open] = [newChannel(), newChannel()]
    await using owner = await listenIn(simple.url, closed)
    await using people = await listenIn(simple.url, open)
    owner.send(mode(closed))
    await owner.settle()
    await using announcer = await openOnIrc({ test: plain({ [closed]: {}, [open]: {} }) })
    await expect(announcer.hear(published(body))).rejects.toMatchObject({
      name: 'PermanentError',
      failureClass: 'refused',
      message: expect.stringMatching(message),
    })
    await people.settle()
    expect(spokenIn(people, open)).toHaveLength(1)
    expect(spokenIn(owner, closed)).toEqual([])
  })

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

  it('with a key lets in who has it', async () => {
    const channel = newChannel()
    await using owner = await listenIn(simple.url, channel)
    owner.send(`MODE ${channel} +k open`)
    await owner.settle()
    await using announcer = await openOnIrc({ test: plain({ [channel]: { key: 'open' } }) })
    await announcer.hear(published(body))
    await owner.settle()
    expect(spokenIn(owner, channel)).toHaveLength(1)
  })
})

it('a nick in use becomes another', async () => {
  const channel = newChannel()
  await using people = await listenIn(simple.url, channel, 'imagedrop')
  await using _other = await listenIn(simple.url, channel, 'imagedro2')
  await using announcer = await openOnIrc({ test: plain({ [channel]: {} }) })
  await announcer.hear(published(body))
  expect(await people.hear(/^:imagedro.* NOTICE /)).toMatch(/^:imagedro3!/)
})

describe('who comes and goes', () => {
  it('comes when there is something to say, says all of it, and goes', async () => {
    const [one, other] = [newChannel(), newChannel()]
    await using people = await listenIn(simple.url, `${one},${other}`)
    await people.hear(new RegExp(` 366 .*${other}`))
    await using announcer = await openOnIrc({ test: plain({ [one]: {}, [other]: {} }) })
    await using _running = announcer.stay()
    await announcer.hear(published(body))
    await people.hear(/ QUIT /)
    const happened = people.lines.filter((each) => each.startsWith(':imagedro')).map((each) => each.split(' ')[1])
    expect(happened).toEqual(['JOIN', 'NOTICE', 'JOIN', 'NOTICE', 'QUIT'])
  })
})

describe('who stays', () => {
  it('is there before anything is said, goes when the process stops, and says what is left even then', async () => {
    const channel = newChannel()
    await using people = await listenIn(simple.url, channel)
    await using announcer = await openOnIrc({ test: { ...plain({ [channel]: {} }), stays: true } })
    {
      await using _staying = announcer.stay()
      await people.hear(/^:imagedro\S+ JOIN /)
      await announcer.hear(published(body))
      await announcer.hear(published(debianDrop('20260712')))
      await people.settle()
      expect(people.lines.filter((each) => / (JOIN|QUIT) /.test(each) && each.startsWith(':imagedro'))).toHaveLength(1)
    }
    await people.hear(/ QUIT /)
    await announcer.hear(published(debianDrop('20260713')))
    expect(spokenIn(people, channel)).toHaveLength(3)
  })

  it('comes back to a server that was away, and into a channel that it was put out of when it has something to say', async () => {
    const channel = newChannel()
    await using server = await provideNgircd()
    await using announcer = await openOnIrc({ test: { server: server.url, stays: true, channels: { [channel]: {} } } })
    {
      await using _staying = announcer.stay()
      {
        await using before = await listenIn(server.url, channel)
        await before.hear(/^:imagedrop!\S+ JOIN |353 .*imagedrop/)
      }
      await server.restart()
      await using people = await listenIn(server.url, channel)
      await people.hear(/^:imagedrop!\S+ JOIN |353 .*imagedrop/)
      people.send(`KICK ${channel} imagedrop`)
      await people.hear(/ KICK /)
      await announcer.hear(published(body))
      await people.settle()
      expect(spokenIn(people, channel)).toHaveLength(1)
    }
  })
})

describe('a topic', () => {
  it('is the newest published drop, and says when that is withdrawn, but is left alone when it is about something else', async () => {
    const channel = newChannel()
    await using owner = await listenIn(simple.url, channel)
    await using announcer = await openOnIrc({ test: plain({ [channel]: { topic: true } }) })
    const topics = async () => {
      await owner.settle()
      return spokenIn(owner, channel)
        .filter((each) => each.startsWith('TOPIC'))
        .map((each) => each.slice(`TOPIC ${channel} :`.length))
    }
    await announcer.hear(published(body))
    await announcer.hear(published(body))
    expect(await topics()).toEqual([`${line} (${drop})`])
    await announcer.hear(superseded(body, 'somebody'))
    expect(await topics()).toEqual([`${line} (${drop})`, `${drop}: is superseded by somebody`])
    owner.send(`TOPIC ${channel} :about something else`)
    await announcer.hear(superseded(body, 'somebody'))
    const next = debianDrop('20260712')
    await announcer.hear(published(next))
    owner.send(`TOPIC ${channel} :about something else`)
    await owner.settle()
    await announcer.hear(superseded(next, 'somebody'))
    expect((await topics()).slice(2)).toEqual([
      'about something else',
      `Debian 12 cloud images 20260712 (nightly): 4 of 4 images passed (${next.drop})`,
      'about something else',
    ])
  })
})

it('a topic that only operators may set is refused for good, and costs nobody the line', async () => {
  const channel = newChannel()
  await using owner = await listenIn(simple.url, channel)
  owner.send(`MODE ${channel} +t`)
  await owner.settle()
  await using announcer = await openOnIrc({ test: plain({ [channel]: { topic: true } }) })
  for (let time = 0; time < 2; time += 1) {
    await expect(announcer.hear(published(body))).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringMatching(/TOPIC .*482/),
    })
  }
  await owner.settle()
  expect(spokenIn(owner, channel)).toHaveLength(1)
})

it('the longest line arrives whole, with its link, through a server that puts its sender before it', async () => {
  const channel = `${newChannel()}${'x'.repeat(40)}`
  await using people = await listenIn(simple.url, channel)
  const tells = ['published', 'withdrawn', 'failed']
  await using announcer = await openOnIrc(
    { test: plain({ [channel]: { tells } }) },
    { IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org' },
  )
  await announcer.hear(imageFailing(body, '発行 '.repeat(300)))
  await announcer.hear(published(body))
  await announcer.hear(superseded(body, 'Zoë '.repeat(300)))
  await people.settle()
  const heard = people.lines.filter((each) => each.includes(' NOTICE '))
  for (const each of heard) expect(Buffer.byteLength(each)).toBeLessThanOrEqual(510)
  expect(heard[0]).toMatch(/ 発行…$/)
  expect(heard[2]).toMatch(new RegExp(` Zoë… https://cloud\\.example\\.org/drops/${RegExp.escape(drop)}\\.html$`))
})
