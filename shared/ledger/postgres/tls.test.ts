import { chmod, chown, copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { providePostgres, type PostgresServer } from '#test/brokers/postgres.ts'
import { run } from '#subprocess/run.ts'
import { LedgerAway } from '../ledger.ts'
import { migratePostgres } from './migrate.ts'
import { openLedger } from '../../../cli/backends/open-ledger.ts'
import { readLedgerSettings } from '../../../cli/backends/settings.ts'
import { openPostgresLedger } from './open.ts'

const log = pino({ level: 'silent' })
let server: PostgresServer
let url: string
let keys: string

beforeAll(async () => {
  server = await providePostgres()
  // The settings of a server that is not ours are not ours to change.
  if (server.place.folder === '') return
  url = await server.createDatabase()
  await server.administer('create role imagedrop_operator; create role imagedrop_builder login')
  await migratePostgres({ url, log })
  keys = join(server.place.folder, 'keys')
  await mkdir(keys)
  await makeCertificate('ca', '/CN=a test authority', null)
  await makeCertificate('server', '/CN=server', 'subjectAltName=IP:127.0.0.1')
  await makeCertificate('client', '/CN=imagedrop_builder', 'extendedKeyUsage=clientAuth')
  await askForCertificates()
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

beforeEach((test) => {
  test.skip(server.place.folder === '', 'only with a server of our own')
})

it('a service comes in by its client certificate, and the server is who its certificate says', async () => {
  const tls = await certificates('client')
  await using ledger = await openPostgresLedger({ url: as('imagedrop_builder'), tls, log })
  expect(await ledger.accept('builder', [], new Date())).toBe(0)
  await ledger.ping()
})

it('the settings of a process lead there', async () => {
  const [ca, cert, key] = ['ca.crt', 'client.crt', 'client.key'].map((file) => join(keys, file))
  const env = { IMAGEDROP_LEDGER_URL: as('imagedrop_builder'), IMAGEDROP_LEDGER_CA: ca, IMAGEDROP_LEDGER_CERT: cert }
  await using ledger = await openLedger(readLedgerSettings({ ...env, IMAGEDROP_LEDGER_KEY: key }), '', log)
  expect(await ledger.accept('builder', [], new Date())).toBe(0)
  await expect(openLedger(readLedgerSettings(env), '', log)).rejects.toThrow('CERT and IMAGEDROP_LEDGER_KEY only work')
  const missing = { ...env, IMAGEDROP_LEDGER_KEY: join(keys, 'none.key') }
  await expect(openLedger(readLedgerSettings(missing), '', log)).rejects.toThrow(/^IMAGEDROP_LEDGER_KEY: ENOENT/)
})

it('a certificate lets nobody in as somebody else', async () => {
  const tls = await certificates('client')
  await server.administer('create role imagedrop_converter login')
  await expect(openPostgresLedger({ url: as('imagedrop_converter'), tls, log })).rejects.toThrow(
    'certificate authentication failed for user "imagedrop_converter"',
  )
  const { ca } = tls
  await expect(openPostgresLedger({ url: as('imagedrop_builder'), tls: { ca }, log })).rejects.toThrow(
    'connection requires a valid client certificate',
  )
})

it('a server with another name or another authority is not talked to', async () => {
  const tls = await certificates('client')
  const elsewhere = new URL(as('imagedrop_builder'))
  elsewhere.hostname = 'localhost'
  const impatient = { tls, log, answerTime: 1_000, patience: 100 }
  await expect(openPostgresLedger({ url: elsewhere.href, ...impatient })).rejects.toThrow(LedgerAway)
  await expect(openPostgresLedger({ url: elsewhere.href, ...impatient })).rejects.toThrow(/localhost/)
  const stranger = { ...tls, ca: tls.cert }
  await expect(openPostgresLedger({ url: as('imagedrop_builder'), ...impatient, tls: stranger })).rejects.toThrow(
    /self-signed/,
  )
})

/** What the ledger is given: PEM texts. */
async function certificates(name: string) {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', `${name}.crt`, `${name}.key`].map((file) => readFile(join(keys, file), 'utf8')),
  )
  return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' }
}

async function makeCertificate(name: string, subject: string, extension: string | null): Promise<void> {
  const files = ['-keyout', join(keys, `${name}.key`), '-out', join(keys, `${name}.crt`)]
  const signed = ['-CA', join(keys, 'ca.crt'), '-CAkey', join(keys, 'ca.key'), '-addext', 'basicConstraints=CA:FALSE']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const extensions = extension === null ? [] : [...signed, '-addext', extension]
  await run('openssl', ['req', '-x509', '-batch', ...key, '-subj', subject, ...files, ...extensions])
}

/** Turns TLS on, and asks the services' roles for certificates. */
async function askForCertificates(): Promise<void> {
  const cluster = join(server.place.folder, 'data')
  const { uid, gid } = await stat(cluster)
  for (const file of ['ca.crt', 'server.crt', 'server.key']) {
    await copyFile(join(keys, file), join(cluster, file))
    await chown(join(cluster, file), uid, gid)
    await chmod(join(cluster, file), 0o600)
  }
  const rules = join(cluster, 'pg_hba.conf')
  const roles = 'imagedrop_builder,imagedrop_converter'
  await writeFile(rules, `hostssl all ${roles} 127.0.0.1/32 cert\n${await readFile(rules, 'utf8')}`)
  await server.administer("alter system set ssl_ca_file = 'ca.crt'")
  await server.administer('alter system set ssl = on')
  await server.restart()
}

function as(user: string): string {
  const address = new URL(url)
  address.username = user
  return address.href
}
