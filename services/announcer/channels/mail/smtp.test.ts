import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDeliveries } from '../../deliveries.ts'
import { openMailServer, refusal } from './testing/mail-server.ts'
import { openSilentServer } from './testing/silent-server.ts'
import { createSmtp } from './smtp.ts'

const message = { id: '<drop.d@example.org>', bytes: Buffer.from('Message-ID: <drop.d@example.org>\r\n\r\nhello\r\n') }
const from = 'imagedrop@example.org'
const never = new AbortController().signal
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'delivery-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

function deliverTo(url: string, to: readonly string[], signal = never): Promise<void> {
  const send = createSmtp(url, { silence: 5_000 })
  const deliverOnce = createDeliveries(folder).of('mail')
  return deliverOnce(
    { drop: 'd' },
    to,
    (recipient) => send({ from, to: recipient, bytes: message.bytes }, signal),
    signal,
  )
}

async function notes(): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, 'd', 'mail.json'), 'utf8'))
}

describe('a mail that the server took', () => {
  it('arrives as it was written, and is noted as told', async () => {
    await using server = await openMailServer()
    await deliverTo(server.url, ['cloud@example.org'])
    expect(server.heard).toEqual([{ to: ['cloud@example.org'], bytes: message.bytes }])
    expect(await notes()).toEqual({ 'cloud@example.org': 'told' })
  })

  it('is not sent again, however often it is asked for', async () => {
    await using server = await openMailServer()
    for (let time = 0; time < 3; time++) await deliverTo(server.url, ['cloud@example.org'])
    expect(server.heard).toHaveLength(1)
  })
})

describe('a mail whose fate is unknown, as the connection broke after its last byte', () => {
  it('is a transient failure that stays noted as intended', async () => {
    await using server = await openMailServer({ afterData: ['hang up'] })
    await expect(deliverTo(server.url, ['cloud@example.org'])).rejects.toMatchObject({ name: 'TransientError' })
    expect(await notes()).toEqual({ 'cloud@example.org': 'intended' })
  })

  it('is sent again with the same bytes, so that readers see a copy', async () => {
    await using server = await openMailServer({ afterData: ['hang up', 'accept'] })
    await expect(deliverTo(server.url, ['cloud@example.org'])).rejects.toThrow('did not take the announcement')
    await deliverTo(server.url, ['cloud@example.org'])
    await deliverTo(server.url, ['cloud@example.org'])
    expect(server.heard.map(({ bytes }) => bytes)).toEqual([message.bytes, message.bytes])
  })
})

describe('a mail that the server does not take', () => {
  it.each([421, 450, 451])('now, with %i, may be taken later', async (code) => {
    await using server = await openMailServer({ afterData: [{ code }] })
    await expect(deliverTo(server.url, ['cloud@example.org'])).rejects.toMatchObject({ name: 'TransientError' })
  })

  it.each([550, 552, 554])('ever, with %i, is refused, naming server, recipient and answer', async (code) => {
    await using server = await openMailServer({ afterData: [{ code }] })
    await expect(deliverTo(server.url, ['cloud@example.org'])).rejects.toMatchObject({
      name: 'PermanentError',
      failureClass: 'refused',
      message: expect.stringMatching(
        new RegExp(`127.0.0.1:\\d+ .*cloud@example.org.*this server says ${String(code)}`),
      ),
    })
  })

  it('as nobody listens there, may be taken later', async () => {
    const { url, ...server } = await openMailServer()
    await server[Symbol.asyncDispose]()
    await expect(deliverTo(url, ['cloud@example.org'])).rejects.toMatchObject({ name: 'TransientError' })
  })

  it('as it hangs up before the greeting, may be taken later', async () => {
    await using server = await openSilentServer((socket) => socket.destroy())
    await expect(deliverTo(server.url, ['cloud@example.org'])).rejects.toMatchObject({ name: 'TransientError' })
  })
})

describe('of several recipients', () => {
  it('one who is refused costs no other a copy, and nobody gets two', async () => {
    const onRcptTo: NonNullable<Parameters<typeof openMailServer>[0]>['onRcptTo'] = ({ address }, _session, answer) => {
      answer(address.startsWith('nobody') ? refusal(550) : null)
    }
    await using server = await openMailServer({ onRcptTo })
    const to = ['nobody@example.org', 'cloud@example.org', 'test@example.org']
    await expect(deliverTo(server.url, to)).rejects.toMatchObject({ name: 'PermanentError' })
    await expect(deliverTo(server.url, to)).rejects.toMatchObject({ name: 'PermanentError' })
    expect(server.heard.map((one) => one.to)).toEqual([['cloud@example.org'], ['test@example.org']])
  })
})

it('an aborted delivery ends at once with the reason, whatever the server does', async () => {
  await using server = await openSilentServer(() => null)
  const cancel = new AbortController()
  const reason = new Error('the process stops')
  setTimeout(() => {
    cancel.abort(reason)
  }, 100)
  const start = Date.now()
  await expect(deliverTo(server.url, ['cloud@example.org'], cancel.signal)).rejects.toBe(reason)
  expect(Date.now() - start).toBeLessThan(2_000)
})

it('a password is not given to a server without TLS', async () => {
  await using server = await openMailServer()
  const url = server.url.replace('smtp://', 'smtp://releng:secret@')
  await expect(deliverTo(url, ['cloud@example.org'])).rejects.not.toThrow('secret')
  expect(server.heard).toEqual([])
})
