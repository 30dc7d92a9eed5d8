import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { accountsFile, passwordVariable } from '../../deploy/nats/generate.ts'
import { definitionsFile } from '../../deploy/rabbitmq/generate.ts'
import { provideNats } from './nats.ts'
import { providePostgres, type PostgresServer } from './postgres.ts'
import { provideRabbitmq, type RabbitmqOptions } from './rabbitmq.ts'
import type { Server } from './server.ts'

/** A server with the accounts that deploy/ has for it. */
export interface Guarded<Kind extends Server = Server> extends AsyncDisposable {
  readonly server: Kind
  /** With an account of deploy/, or with one that may do everything. */
  readonly urlOf: (account: string) => string
}

/** May do everything, as an administrator's account, or one that an administrator gave too much. */
export const mighty = 'guest'

/** RabbitMQ with deploy/rabbitmq/definitions.json. The account `guest` is the test's, also on a virtual host of its own. */
export async function provideGuardedRabbitmq({ conf = [], plugins = [] }: RabbitmqOptions = {}): Promise<Guarded> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-definitions-'))
  const definitions = join(folder, 'definitions.json')
  await writeFile(definitions, JSON.stringify(await definitionsWithPasswords()))
  const server = await provideRabbitmq({ conf: [`load_definitions = ${definitions}`, ...conf], plugins })
  return {
    server,
    urlOf: (account) => `${withAccount(server.url, account)}/imagedrop`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

/** NATS with deploy/nats/accounts.conf. */
export async function provideGuardedNats(): Promise<Guarded> {
  const accounts = await readFile(accountsFile, 'utf8')
  const names = [...accounts.matchAll(/user: "(.+)"/g)].map(([, name = '']) => name)
  const env = Object.fromEntries(names.map((name) => [passwordVariable(name), passwordOf(name)]))
  const config = accounts.replace('users: [', `users: [\n{ user: ${mighty}, password: ${passwordOf(mighty)} }`)
  const server = await provideNats({ config, env })
  return {
    server,
    urlOf: (account) => withAccount(server.url, account),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** What deploy/postgres/accounts.sh has made. */
interface GuardedDatabase extends Guarded<PostgresServer> {
  readonly ownerUrl: string
  /** By which an administrator gets in. */
  readonly environment: Readonly<Record<string, string>>
}

/** PostgreSQL with deploy/postgres/roles.sql, and a database of theirs. It lets everybody in without a password. */
export async function provideGuardedPostgres(): Promise<GuardedDatabase> {
  const server = await providePostgres()
  const url = await server.createDatabase()
  const { hostname, port, username, pathname } = new URL(url)
  const environment = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: pathname.slice(1) }
  await run('bash', [accountsScript], { env: { ...environment, BUILDER_PASSWORD: 'one' } })
  const urlOf = (account: string) => {
    const address = new URL(url)
    address.username = account.replaceAll('-', '_')
    return address.href
  }
  return {
    server,
    urlOf,
    ownerUrl: urlOf('imagedrop-owner'),
    environment,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

const deploy = join(import.meta.dirname, '..', '..', 'deploy')
export const accountsScript = join(deploy, 'postgres', 'accounts.sh')

function passwordOf(account: string): string {
  return account === mighty ? mighty : `password-of-${account}`
}

function withAccount(url: string, account: string): string {
  const address = new URL(url)
  address.username = account
  address.password = passwordOf(account)
  return address.href.replace(/\/$/, '')
}

async function definitionsWithPasswords() {
  const accounts = (JSON.parse(await readFile(definitionsFile, 'utf8')) as { users: { name: string }[] }).users
  const env = Object.fromEntries(accounts.map(({ name }) => [passwordVariable(name), passwordOf(name)]))
  const input = createReadStream(definitionsFile)
  const { stdout } = await run('bash', [join(deploy, 'rabbitmq', 'passwords.sh')], { env, input })
  const { vhosts, users, permissions, ...others } = JSON.parse(stdout) as Record<string, object[]>
  const guest = { user: mighty, configure: '.*', write: '.*', read: '.*' }
  return {
    ...others,
    vhosts: [...(vhosts ?? []), { name: '/' }],
    users: [...(users ?? []), { name: mighty, password: passwordOf(mighty), tags: ['administrator'] }],
    permissions: [...(permissions ?? []), ...['/', 'imagedrop'].map((vhost) => ({ ...guest, vhost }))],
  }
}
