import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from '@nats-io/transport-node'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { provideNats } from '#test/brokers/nats.ts'
import { eventually, listen, requested } from '../bus.contract.ts'
import { NotPublished, type Bus } from '../bus.ts'
import { openNatsBus } from './nats-bus.ts'
import type { NatsOptions } from './options.ts'
import { makeCredentials } from './testing/credentials.ts'

let folder: string
const file = (name: string) => join(folder, name)
const log = pino({ level: 'silent' })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'imagedrop-nats-security-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('a server that wants certificates', () => {
  it('gets ours, is checked by its own, and talks to nobody else', { timeout: 60_000 }, async () => {
    for (const name of ['ca', 'other-ca']) await makeAuthority(name)
    for (const name of ['server', 'client']) await makeCertificate(name)
    const [cert, key, ca] = ['server.pem', 'server.key', 'ca.pem'].map((name) => JSON.stringify(file(name)))
    const tls = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') }
    await using server = await provideNats({
      config: `tls { cert_file: ${cert}, key_file: ${key}, ca_file: ${ca}, verify: true }`,
    })
    const url = server.url.replace('127.0.0.1', 'localhost')
    await carriesEvents({ servers: [url], tls })
    const strange = { servers: [url], tls: { ...tls, ca: file('other-ca.pem') } }
    await expect(open(strange)).rejects.toThrow(/^NATS at localhost:\d+: .*certificate/)
    await expect(open({ servers: [url] })).rejects.toThrow(/certificate/)
    const nobody = { servers: [url], tls: { ca: tls.ca }, connectTimeoutMs: 500 }
    await expect(open(nobody)).rejects.toThrow(/^NATS at/)
  })

  it('is not replaced by one that does not encrypt', async () => {
    await using server = await provideNats()
    const tls = { ca: file('ca.pem') }
    await expect(open({ servers: [server.url], tls })).rejects.toThrow("server does not support 'tls'")
  })
})

describe('a server that wants to know who we are', () => {
  it('takes the nkey whose seed is in a file, and no other', async () => {
    const [user, stranger] = [nkeys.createUser(), nkeys.createUser()]
    await writeFile(file('user.nk'), `${Buffer.from(user.getSeed()).toString()}\n`)
    await writeFile(file('stranger.nk'), stranger.getSeed())
    await using server = await provideNats({
      config: `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`,
    })
    await carriesEvents({ servers: [server.url], nkeySeedFile: file('user.nk') })
    await expect(open({ servers: [server.url], nkeySeedFile: file('stranger.nk') })).rejects.toThrow(
      /^NATS at 127\.0\.0\.1:\d+: .*Authorization Violation/,
    )
    await expect(open({ servers: [server.url], nkeySeedFile: file('missing.nk') })).rejects.toThrow(/missing\.nk/)
  })

  it('takes a credentials file of a user whom its operator vouches for', async () => {
    const { config, credentials } = makeCredentials()
    await writeFile(file('user.creds'), credentials)
    await writeFile(file('stranger.creds'), makeCredentials().credentials)
    await using server = await provideNats({ config })
    await carriesEvents({ servers: [server.url], credsFile: file('user.creds') })
    await expect(open({ servers: [server.url], credsFile: file('stranger.creds') })).rejects.toThrow(
      /Authorization Violation/,
    )
  })

  it('takes user and password out of the URL, shows them nowhere, and is given up once they are void', async () => {
    const users = (name: string) => `authorization { users: [ { user: ${name}, password: "s3cret:1/2" } ] }`
    await using server = await provideNats({ config: users('builder') })
    const url = server.url.replace('://', `://builder:${encodeURIComponent('s3cret:1/2')}@`)
    await carriesEvents({ servers: [url] })
    const wrong = open({ servers: [url.replace('s3cret', 's4cret')] })
    await expect(wrong).rejects.toThrow(/^NATS at 127\.0\.0\.1:\d+: .*Authorization Violation/)
    await using bus = await open({ servers: [url] })
    const conf = join(server.place.folder, 'server.conf')
    await run('sed', ['-i', 's/user: builder/user: someone/', conf])
    await server.restart()
    await eventually(() => {
      expect(bus.givenUp.reason).toMatchObject({ message: expect.stringMatching(/refuses us: .*Authorization/) })
    })
    expect(bus.state()).toMatchObject({ connected: false, detail: expect.stringMatching(/Authorization/) })
    await expect(bus.publish([requested()])).rejects.toThrow(/refuses us/)
  })

  it('takes a token out of the URL', async () => {
    await using server = await provideNats({ config: 'authorization { token: "t0ken" }' })
    await carriesEvents({ servers: [server.url.replace('://', '://t0ken@')] })
  })

  it('lets a service do its own work on what others prepared, and nothing else', async () => {
    const api = ['STREAM.INFO.IMAGEDROP', 'CONSUMER.INFO.IMAGEDROP.*', 'CONSUMER.MSG.NEXT.IMAGEDROP.builder']
    const may = ['image.built.v1', 'dead.builder', '$JS.ACK.IMAGEDROP.builder.>', ...api.map((one) => `$JS.API.${one}`)]
    await using server = await provideNats({
      config: `authorization { users: [
        { user: admin, password: admin }
        { user: builder, password: builder, permissions { publish: ${JSON.stringify(may)} } } ] }`,
    })
    await using admin = await open({ servers: [server.url.replace('://', '://admin:admin@')] })
    const subjects = ['image.requested.v1']
    await admin.prepare([
      { service: 'builder', subjects },
      { service: 'converter', subjects },
    ])
    await using bus = await open({ servers: [server.url.replace('://', '://builder:builder@')] })
    const heard = await listen(bus, 'builder')
    const event = requested()
    const refused: unknown = await bus.publish([event]).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(NotPublished)
    expect((refused as NotPublished).reasons.get(event.id)).toMatch(/Permissions Violation.*image\.requested\.v1/i)
    await admin.publish([event])
    await eventually(() => {
      expect(heard).toEqual([event])
    })
    expect(bus.givenUp.aborted).toBe(false)
    await listen(bus, 'converter')
    await eventually(() => {
      expect(bus.givenUp.reason).toMatchObject({ message: expect.stringMatching(/Permissions Violation.*converter/i) })
    })
  })
})

async function open(options: Partial<NatsOptions>): Promise<Bus> {
  return await openNatsBus({ servers: [], log, ...options })
}

async function carriesEvents(options: Partial<NatsOptions>): Promise<void> {
  await using bus = await open(options)
  const heard = await listen(bus, 'builder')
  const event = requested()
  await bus.publish([event])
  await eventually(() => {
    expect(heard).toEqual([event])
  })
}

async function makeAuthority(name: string): Promise<void> {
  await openssl(`req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name}
    -keyout ${file(`${name}.key`)} -out ${file(`${name}.pem`)}`)
}

async function makeCertificate(name: string): Promise<void> {
  await writeFile(file('san'), 'subjectAltName=DNS:localhost')
  await openssl(`req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name}
    -keyout ${file(`${name}.key`)} -out ${file(`${name}.csr`)}`)
  await openssl(`x509 -req -days 2 -in ${file(`${name}.csr`)} -CA ${file('ca.pem')} -CAkey ${file('ca.key')}
    -CAcreateserial -extfile ${file('san')} -out ${file(`${name}.pem`)}`)
}

async function openssl(line: string): Promise<void> {
  await run('openssl', line.split(/\s+/))
}
