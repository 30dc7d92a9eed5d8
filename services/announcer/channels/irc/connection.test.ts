import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { connectTo, type IrcServer, type Saying } from './connection.ts'
import { createNetwork } from './network.ts'
import { createPace } from './pace.ts'
import { fit } from './fit.ts'
import { nickFor } from './register.ts'
import { transportTo } from './transport.ts'

const never = new AbortController().signal
const saying: Saying = { channel: '#cloud', key: null, as: 'NOTICE', text: 'hello' }

/** A server that answers as it is scripted: to each line of the client, lines of its own. */
async function openServer(answer: (line: string, socket: Socket) => readonly string[]) {
  const heard: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => null)
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\r\n').filter((one) => one !== '')) {
        heard.push(line)
        for (const reply of answer(line, socket)) socket.write(`${reply}\r\n`)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const at: IrcServer = {
    name: 'test',
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    tls: null,
    nick: 'imagedrop',
    realName: 'imagedrop',
    password: null,
    sasl: null,
    flood: { lines: 100, seconds: 0 },
  }
  return {
    at,
    heard,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What a server of few words answers. */
function welcome(line: string): readonly string[] {
  const [command, first = ''] = line.split(' ')
  if (command === 'CAP') return [':s CAP * LS :']
  if (command === 'USER') return [':s 001 imagedrop :Welcome']
  if (command === 'PING') return [`:s PONG s :${first}`]
  return command === 'JOIN' ? [`:imagedrop!u@h JOIN ${first}`] : []
}

describe('a line of which nobody knows whether it was taken', () => {
  it('as the server hung up before it said so, may be said again', async () => {
    await using server = await openServer((line, socket) => {
      if (line.startsWith('NOTICE')) socket.destroy()
      return welcome(line)
    })
    const connection = await connectTo(server.at, never)
    await expect(connection.say(saying, never)).rejects.toMatchObject({
      name: 'TransientError',
      message: expect.stringMatching(/^test: the connection is gone: /),
    })
    expect(server.heard).toContain('NOTICE #cloud hello')
  })

  it('as the server closes the link, may be said again, and its reason is told', async () => {
    await using server = await openServer((line, socket) => {
      if (!line.startsWith('NOTICE')) return welcome(line)
      socket.end('ERROR :Closing link: (Excess Flood)\r\n')
      return []
    })
    const connection = await connectTo(server.at, never)
    await expect(connection.say(saying, never)).rejects.toThrow('the connection is gone: Closing link: (Excess Flood)')
  })

  it('as a server that echoes did not pass it on, is refused', async () => {
    await using server = await openServer((line) => {
      if (line.startsWith('CAP LS')) return [':s CAP * LS :echo-message']
      return line.startsWith('CAP REQ') ? [':s CAP * ACK :echo-message'] : welcome(line)
    })
    const connection = await connectTo(server.at, never)
    await expect(connection.say(saying, never)).rejects.toMatchObject({
      name: 'PermanentError',
      failureClass: 'refused',
    })
    await connection.quit()
  })
})

describe('a server that does not behave', () => {
  it.each([
    ['sends what the library cannot read', ':s 005 imagedrop CHANMODES :are supported'],
    ['sends a line without an end', 'x'.repeat(100_000)],
  ])('as it %s, loses the connection, and no more', async (_what, line) => {
    await using server = await openServer((said, socket) => {
      if (!said.startsWith('USER')) return welcome(said)
      if (line.length > 1_000) socket.write(line)
      return [line]
    })
    await expect(connectTo(server.at, never)).rejects.toMatchObject({ name: 'TransientError' })
  })

  it('as it is silent, is left at once when the job is stopped', async () => {
    await using server = await openServer(() => [])
    const network = createNetwork(server.at)
    const stop = new AbortController()
    const reason = new Error('the process stops')
    const release = network.hold()
    const said = Promise.allSettled([network.say(saying, stop.signal)])
    await expect.poll(() => server.heard.length).toBeGreaterThan(0)
    stop.abort(reason)
    expect(await said).toEqual([{ status: 'rejected', reason }])
    const begun = performance.now()
    await release()
    expect(performance.now() - begun).toBeLessThan(2_000)
  })

  it('as it offers no SASL, hears nothing from one who is to log in', async () => {
    await using server = await openServer(welcome)
    const sasl = { mechanism: 'PLAIN', account: 'imagedrop', password: 'secret' } as const
    await expect(connectTo({ ...server.at, sasl }, never)).rejects.toThrow('test: the server offers no SASL now')
    expect(server.heard.join()).not.toMatch(/NOTICE|secret/)
  })
})

it('no line that is sent holds another', async () => {
  await using server = await openServer(welcome)
  const connection = await connectTo(server.at, never)
  for (const text of ['one\r\nQUIT', 'one\nQUIT', 'one\0two']) {
    await expect(connection.say({ ...saying, text }, never)).rejects.toThrow('holds an end of line')
  }
  await connection.say(saying, never)
  expect(server.heard.filter((line) => line.startsWith('NOTICE'))).toEqual(['NOTICE #cloud hello'])
  expect(new (transportTo(server.at))().isConnected()).toBe(false)
  await connection.quit()
})

it('several that talk at once take turns, each with its own answer', async () => {
  await using server = await openServer((line) =>
    line.startsWith('NOTICE #shut') ? [':s 404 imagedrop #shut :Cannot send to channel'] : welcome(line),
  )
  const connection = await connectTo(server.at, never)
  const said = await Promise.allSettled(
    ['#open', '#shut', '#other'].map((channel) => connection.say({ ...saying, channel }, never)),
  )
  expect(said.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await connection.quit()
})

it('a pace lets some lines go at once, and then one each so many seconds, and forgives in silence', async () => {
  let now = 0
  const waits: number[] = []
  const pace = createPace(
    { lines: 3, seconds: 2 },
    () => now,
    (wait) => {
      waits.push(wait)
      now += wait
      return Promise.resolve()
    },
  )
  for (let line = 0; line < 5; line += 1) await pace(never)
  expect(waits).toEqual([2_000, 2_000])
  now += 60_000
  for (let line = 0; line < 3; line += 1) await pace(never)
  expect(waits).toHaveLength(2)
})

it('a text is cut at a word, or within one that is too long, never within a letter, and a link never', () => {
  const place = { as: 'NOTICE', channel: '#cloud' } as const
  const link = 'https://cloud.example.org/#drop'
  expect(fit({ text: 'short', link }, place)).toBe(`short ${link}`)
  const cut = fit({ text: 'word '.repeat(200), link }, place)
  expect(cut).toMatch(/ word… https:\/\/cloud\.example\.org\/#drop$/)
  const family = '👩‍👩‍👧‍👦'
  const letters = fit({ text: family.repeat(100), link: null }, place)
  expect(letters.slice(0, -1).replaceAll(family, '')).toBe('')
  expect(letters.endsWith(`${family}…`)).toBe(true)
  expect(fit({ text: 'a\u000304red\u0002\r\nQUIT', link: null }, place)).toBe('a 04red QUIT')
})

it('a further nick is like the first, and no longer than one that servers take', () => {
  expect(nickFor('drop', 2)).toBe('drop2')
  expect(nickFor('imagedrop', 3)).toBe('imagedro3')
})
