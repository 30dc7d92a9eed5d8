import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { provideServer, type Place, type Server } from './server.ts'

interface NatsServerOptions {
  /** More lines of the server's configuration: users, certificates. */
  readonly config?: string
  /** What the configuration takes from the server's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Program to run instead of the `nats-server` of this host. */
  readonly program?: string
}

const container = { image: 'nats', port: 4222, command: ['-js'], ready: /Server is ready/ }

/** Gives a test a NATS server with JetStream on a folder of its own. */
export async function provideNats({
  config = '',
  env = {},
  program = 'nats-server',
}: NatsServerOptions = {}): Promise<Server> {
  return await provideServer({
    name: 'NATS',
    // A server of our own making is never the one of a variable.
    urlVariable: config === '' ? 'IMAGEDROP_TEST_NATS_URL' : 'IMAGEDROP_TEST_NO_URL',
    program,
    prepare: (place) => writeFile(configOf(place), `${jetstreamConfig(place)}\n${config}\n`),
    command: (place, path) => ({
      command: path,
      args: ['-a', '127.0.0.1', '-p', String(place.port), '-c', configOf(place)],
      env,
    }),
    url: ({ port }) => `nats://127.0.0.1:${String(port)}`,
    ask: greet,
    ...(config === '' ? { container } : {}),
  })
}

const configOf = (place: Place) => join(place.folder, 'server.conf')
const jetstreamConfig = (place: Place) => `jetstream { store_dir: ${JSON.stringify(join(place.folder, 'store'))} }`

/** A server greets whoever connects with its INFO line, before any TLS or password. */
async function greet(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.setTimeout(2000, () => socket.destroy(new Error('no greeting')))
    socket.once('error', reject)
    socket.once('data', (bytes: Buffer) => {
      socket.destroy()
      if (bytes.toString().startsWith('INFO ')) resolve()
      else reject(new Error(`expected INFO, got ${bytes.toString('latin1', 0, 40)}`))
    })
  })
}
