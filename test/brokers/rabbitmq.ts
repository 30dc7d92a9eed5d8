import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'amqplib'
import { run } from '#subprocess/run.ts'
import { freePort, provideServer, type Place, type Server } from './server.ts'

export interface RabbitmqOptions {
  /** Lines of rabbitmq.conf besides ours. */
  readonly conf?: readonly string[]
  /** Plugins of Debian's package to enable. */
  readonly plugins?: readonly string[]
}

const container = { image: 'rabbitmq', port: 5672, ready: /Server startup complete/ }

/** Debian's wrapper on the PATH insists on an account and on folders of the system; this is what it wraps. */
const realProgram = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** A RabbitMQ of the test's own. With options it is always this host's program, never the one of a variable. */
export async function provideRabbitmq({ conf = [], plugins = [] }: RabbitmqOptions = {}): Promise<Server> {
  const own = process.env['IMAGEDROP_TEST_AMQP_URL'] === undefined || conf.length > 0 || plugins.length > 0
  const distribution = await freePort()
  let epmd: Awaited<ReturnType<typeof startEpmd>> | null = null
  const server = await provideServer({
    name: 'RabbitMQ',
    urlVariable: own ? 'IMAGEDROP_TEST_NO_URL' : 'IMAGEDROP_TEST_AMQP_URL',
    program: 'rabbitmq-server',
    folders: ['/usr/lib/rabbitmq/bin'],
    async prepare(place) {
      epmd = await startEpmd()
      await writeConfiguration(place, conf, plugins)
    },
    command: (place, program) => ({
      command: existsSync(realProgram) ? realProgram : program,
      args: [],
      env: environment(place, distribution, epmd?.port ?? 0),
    }),
    url: ({ port }) => `amqp://guest:guest@127.0.0.1:${String(port)}`,
    ask: async (url) => {
      await (await connect(url, { timeout: 5_000 })).close()
    },
    ...(conf.length + plugins.length === 0 ? { container } : {}),
  })
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await epmd?.stop()
    },
  }
}

/** Erlang's name server. RabbitMQ would start one that outlives it; this one is ours and ends with the test. */
async function startEpmd(): Promise<{ port: number; stop: () => Promise<void> }> {
  const port = await freePort()
  const end = new AbortController()
  const ended = run('epmd', ['-port', String(port), '-address', '127.0.0.1'], { signal: end.signal }).catch(() => {})
  while ((await run('epmd', ['-port', String(port), '-names'], { okCodes: [0, 1] })).code !== 0) await sleep(20)
  return {
    port,
    async stop() {
      end.abort()
      await ended
    },
  }
}

async function writeConfiguration({ folder, port }: Place, conf: readonly string[], plugins: readonly string[]) {
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${String(port)}`,
    'log.console = true',
    'log.console.level = warning',
    'disk_free_limit.absolute = 10MB',
    ...conf,
  ]
  await writeFile(join(folder, 'rabbitmq.conf'), `${lines.join('\n')}\n`)
  await writeFile(join(folder, 'enabled_plugins'), `[${plugins.join(',')}].\n`)
  await writeFile(join(folder, 'rabbitmq-env.conf'), '')
}

function environment({ folder, port }: Place, distribution: number, epmd: number): Record<string, string> {
  return {
    HOME: folder,
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_NODENAME: `imagedrop-${String(port)}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +SDio 2',
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // The start script then becomes the server, so that the server is ours to end, and dies with us.
    detached: 'true',
  }
}
