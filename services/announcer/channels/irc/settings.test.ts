import { expect, it } from 'vitest'
import { writeSettings } from '../../testing/settings-folder.ts'
import { readIrcSettings } from './settings.ts'

async function read(network: object, name = 'libera') {
  await using settings = await writeSettings(
    { networks: { [name]: network } },
    { secret: 'one\n', cert: 'C', key: 'K' },
  )
  return readIrcSettings(settings.file)
}

const server = 'ircs://irc.libera.chat'

it('without more than a server and a channel, published and withdrawn drops are told in notices, over TLS', async () => {
  expect(await read({ server, channels: { '#cloud': {} } })).toEqual([
    {
      stays: false,
      server: {
        name: 'libera',
        host: 'irc.libera.chat',
        port: 6697,
        tls: {},
        nick: 'imagedrop',
        realName: 'imagedrop',
        password: null,
        sasl: null,
        flood: { lines: 4, seconds: 2 },
      },
      channels: [{ channel: '#cloud', key: null, tells: ['published', 'withdrawn'], as: 'NOTICE', topic: false }],
    },
  ])
})

it('passwords and certificates are read from the files that are named, without the end of their line', async () => {
  const secrets = {
    certFile: 'cert',
    keyFile: 'key',
    sasl: { account: 'me', passwordFile: 'secret' },
    passwordFile: 'secret',
  }
  const [settings] = await read({ server: `${server}:7000`, ...secrets, channels: {} })
  expect(settings?.server).toMatchObject({
    port: 7000,
    tls: { cert: 'C', key: 'K' },
    sasl: { mechanism: 'PLAIN', account: 'me', password: 'one' },
    password: 'one',
  })
})

it.each([
  [
    'a password in the open',
    { server: 'irc://x', passwordFile: 'secret' },
    /networks\.libera: a password is only given over TLS/,
  ],
  [
    'a log-in in the open',
    { server: 'irc://x', sasl: { account: 'me', passwordFile: 'secret' } },
    /only given over TLS/,
  ],
  ['a server that is none', { server: 'https://irc.libera.chat' }, /networks\.libera\.server/],
  ['more than a server', { server: `${server}/#cloud` }, /has more than a host and a port/],
  ['EXTERNAL without a certificate', { server, sasl: 'external' }, /sasl: external needs certFile and keyFile/],
  ['half a certificate', { server, certFile: 'cert' }, /certFile and keyFile need each other/],
  ['a file that is not there', { server, passwordFile: 'nowhere' }, /nowhere cannot be read/],
  ['a channel that is none', { server, channels: { cloud: {} } }, /networks\.libera\.channels/],
  ['two channels in one', { server, channels: { '#a,#b': {} } }, /networks\.libera\.channels/],
  ['a nick of two words', { server, nick: 'image drop' }, /networks\.libera\.nick/],
  ['a name of two lines', { server, realName: 'one\r\nQUIT' }, /networks\.libera\.realName/],
  ['a key of two words', { server, channels: { '#a': { key: 'x y' } } }, /key/],
  ['what nobody can be told', { server, channels: { '#a': { tells: ['gossip'] } } }, /tells/],
  ['what is no setting', { server, chanels: {} }, /chanels/],
])('%s is refused, naming variable, file and key', async (_what, network, message) => {
  const reading = read({ channels: {}, ...network })
  await expect(reading).rejects.toThrow(message)
  await expect(reading).rejects.toThrow(/^IMAGEDROP_ANNOUNCER_IRC_FILE: .*settings\.yaml: /)
})
