import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { run } from '#subprocess/run.ts'
import { provideGuardedRabbitmq } from '#test/brokers/accounts.ts'
import { freePort } from '#test/brokers/server.ts'
import { openAmqpBus } from '../amqp-bus.ts'
import type { AmqpOptions } from '../options.ts'

export type GuardedBroker = Awaited<ReturnType<typeof openGuardedBroker>>

/** A broker as an administrator sets it up: our definitions loaded, TLS with client certificates beside plain text. */
export async function openGuardedBroker() {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-amqp-'))
  stack.defer(() => rm(folder, { recursive: true }))
  const file = (name: string) => join(folder, name)
  await makeCertificates(file, ['server', 'imagedrop-builder', 'stranger'])
  const port = await freePort()
  const broker = await provideGuardedRabbitmq({
    plugins: ['rabbitmq_auth_mechanism_ssl'],
    conf: [
      `listeners.ssl.1 = 127.0.0.1:${String(port)}`,
      `ssl_options.cacertfile = ${file('ca.pem')}`,
      `ssl_options.certfile = ${file('server.pem')}`,
      `ssl_options.keyfile = ${file('server.key')}`,
      'ssl_options.verify = verify_peer',
      'ssl_options.fail_if_no_peer_cert = true',
      'auth_mechanisms.1 = PLAIN',
      'auth_mechanisms.2 = EXTERNAL',
      'ssl_cert_login_from = common_name',
    ],
  })
  const { url } = stack.use(broker).server
  const secureUrl = `amqps://127.0.0.1:${String(port)}/imagedrop`
  const tlsOf = (account: string) => ({
    ca: file('ca.pem'),
    cert: file(`${account}.pem`),
    key: file(`${account}.key`),
  })
  /** An exchange and queues of a test's own, in plain text. */
  const place = () => placeAt(url)
  const kept = stack.move()
  return {
    url,
    port: Number(new URL(url).port),
    secureUrl,
    tlsOf,
    place,
    /** A bus in a place of its own. */
    open: (options: Partial<AmqpOptions> = {}) => openAmqpBus({ ...place(), ...options }),
    /** The bus of an account that is known by its certificate. */
    secure(account: string) {
      const { log, retry, reconnect } = place()
      return openAmqpBus({ url: secureUrl, passive: true, tls: tlsOf(account), log, retry, reconnect })
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function placeAt(url: string) {
  const queuePrefix = `t${randomUUID().slice(0, 8)}.`
  return {
    url,
    exchange: `${queuePrefix}topic`,
    queuePrefix,
    retry: { firstDelay: 50, maxDelay: 500 },
    reconnect: { firstDelay: 50, maxDelay: 500 },
    log: pino({ level: process.env['LOG'] ?? 'silent' }),
  } satisfies AmqpOptions
}

/** An authority, and a certificate of it for each name. */
async function makeCertificates(file: (name: string) => string, names: readonly string[]): Promise<void> {
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  await openssl(`req -x509 ${newKey} -days 2 -subj /CN=authority -keyout ${file('ca.key')} -out ${file('ca.pem')}`)
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1\n')
  for (const name of names) {
    await openssl(`req ${newKey} -subj /CN=${name} -keyout ${file(`${name}.key`)} -out ${file(`${name}.csr`)}`)
    const signed = `-CA ${file('ca.pem')} -CAkey ${file('ca.key')} -CAcreateserial -extfile ${file('names')}`
    await openssl(`x509 -req -days 2 -in ${file(`${name}.csr`)} ${signed} -out ${file(`${name}.pem`)}`)
  }
}

async function openssl(line: string): Promise<void> {
  await run('openssl', line.split(' '))
}
