import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { run } from '#subprocess/run.ts'
import { provideServer, type Place, type Server, type ServerKind } from './server.ts'

/** A PostgreSQL server for a test. Stopping it is `pg_ctl stop -m fast`: connections are cut, nothing is lost. */
export interface PostgresServer extends Server {
  /** Makes a database, empty or like another one, and resolves with its URL. */
  createDatabase(options?: { like?: string }): Promise<string>
  /** Runs statements as the administrator. */
  administer(text: string, url?: string): Promise<void>
}

interface PostgresOptions {
  /** A tmpfs of this size (`16m`), which only the server sees, at the folder `small` of its place: for a tablespace. */
  readonly smallDisk?: string
}

/** Gives a test a PostgreSQL of its own, with its settings as they are in earnest (fsync is on). */
export async function providePostgres({ smallDisk }: PostgresOptions = {}): Promise<PostgresServer> {
  const server = await provideServer(smallDisk === undefined ? postgres : withSmallDisk(smallDisk))
  const administer = (text: string, url = server.url) => query(url, text)
  async function stop(mode = 'fast'): Promise<void> {
    const { folder } = server.place
    if (folder !== '') {
      await asOrdinary(join(programs(), 'pg_ctl'), ['stop', '-m', mode, '-D', join(folder, 'data')])
    }
    await server.stop()
  }
  return {
    ...server,
    administer,
    async createDatabase({ like } = {}) {
      const name = `imagedrop_${randomBytes(6).toString('hex')}`
      const template = like === undefined ? '' : ` template ${nameOf(like)}`
      await administer(`create database ${name}${template}`)
      const url = new URL(server.url)
      url.pathname = name
      return url.href
    },
    stop: () => stop(),
    async restart({ down = 0 } = {}) {
      await stop()
      await new Promise((resolve) => setTimeout(resolve, down))
      await server.start()
    },
    async [Symbol.asyncDispose]() {
      // A server that a test left stopped is stopped already.
      await stop('immediate').catch(() => {})
      await server[Symbol.asyncDispose]()
    },
  }
}

const installed = '/usr/lib/postgresql'
const mostConnections = 300

const postgres: ServerKind = {
  name: 'PostgreSQL',
  urlVariable: 'IMAGEDROP_TEST_POSTGRES_URL',
  program: 'postgres',
  folders: versions().map((version) => join(installed, version, 'bin')),
  async prepare(place) {
    await makeCluster(place)
  },
  command({ folder, port }, program) {
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: '',
      max_connections: mostConnections,
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${String(value)}`])
    const [command, ...args] = ordinary(program, ['-D', join(folder, 'data'), ...options])
    return { command, args }
  },
  url: ({ port }) => `postgresql://postgres@127.0.0.1:${String(port)}/postgres`,
  ask: (url) => query(url, 'select 1'),
  container: {
    image: 'postgres',
    port: 5432,
    environment: { POSTGRES_USER: 'postgres', POSTGRES_DB: 'postgres', POSTGRES_HOST_AUTH_METHOD: 'trust' },
    command: ['-c', `max_connections=${String(mostConnections)}`],
    ready: /database system is ready to accept connections/,
  },
}

function withSmallDisk(size: string): ServerKind {
  return {
    ...postgres,
    async prepare(place) {
      await makeCluster(place)
      await mkdir(join(place.folder, 'small'))
    },
    command(place, program) {
      const { command, args } = postgres.command(place, program)
      const small = join(place.folder, 'small')
      const script = 'mount -t tmpfs -o "size=$1,mode=700,uid=postgres" none "$2" && shift 2 && exec "$@"'
      return { command: 'unshare', args: ['--mount', 'sh', '-c', script, 'sh', size, small, command, ...args] }
    },
  }
}

async function makeCluster({ folder }: Place): Promise<void> {
  const cluster = join(folder, 'data')
  await mkdir(cluster, { mode: 0o700 })
  if (isRoot()) {
    const { stdout } = await run('id', ['-u', account])
    await chown(cluster, Number(stdout), -1)
  }
  const options = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync']
  await asOrdinary(join(programs(), 'initdb'), ['-D', cluster, ...options])
}

/** The account that Debian's package makes. */
const account = 'postgres'

/** PostgreSQL refuses to run as root. */
function ordinary(program: string, args: readonly string[]): [string, ...string[]] {
  if (!isRoot()) return [program, ...args]
  return ['setpriv', `--reuid=${account}`, `--regid=${account}`, '--init-groups', program, ...args]
}

async function asOrdinary(program: string, args: readonly string[]): Promise<void> {
  const [command, ...rest] = ordinary(program, args)
  await run(command, rest, { cwd: '/' })
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function programs(): string {
  return join(installed, versions()[0] ?? '', 'bin')
}

/** The versions that are installed, newest first. */
function versions(): string[] {
  try {
    return readdirSync(installed).toSorted((one, other) => Number(other) - Number(one))
  } catch {
    return []
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(text)
  } finally {
    await client.end()
  }
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1)
}
