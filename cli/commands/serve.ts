import { pino } from 'pino'
import { emulateEc2, hasEc2 } from '../ec2.ts'
import { environmentFor } from '../environment.ts'
import { lockServices } from '../lock.ts'
import { waitForEnd } from '../signals.ts'
import { serviceNames, startStack, stateFolderOf, type ServiceName } from '../stack.ts'
import { parseOptions, UsageError, type Command } from '../usage.ts'

const options = {
  state: { type: 'string' },
  mirror: { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '8080' },
} as const

/** Running jobs get this long to end by themselves when the process is told to stop; then they are put back. */
const grace = 2_000

export const upCommand: Command = {
  name: 'up',
  usage: 'usage: imagedrop up [--state DIR] [--mirror URL] [--host ADDRESS] [--port PORT]',
  summary: 'run all services in one process and wait for composes, on the bus and on POST /composes',
  run: (args) => serve(upCommand, args, serviceNames),
}

export const serveCommand: Command = {
  name: 'serve',
  usage: 'usage: imagedrop serve SERVICE… [--state DIR] [--mirror URL] [--host ADDRESS] [--port PORT]',
  summary: 'run chosen services in one process',
  async run(args) {
    const { positionals } = parseOptions(serveCommand, args, options, { positionals: serviceNames.length })
    if (positionals.length === 0) throw new UsageError(`which services? There are ${serviceNames.join(', ')}`)
    return await serve(serveCommand, args, positionals.map(parseServiceName))
  },
}

async function serve(command: Command, args: readonly string[], services: readonly ServiceName[]): Promise<number> {
  const { values } = parseOptions(command, args, options, { positionals: command === serveCommand ? 7 : 0 })
  const stateFolder = stateFolderOf(values.state)
  const end = waitForEnd()
  await using _lock = await lockServices(stateFolder, services)
  const log = pino(pino.destination({ dest: 1, sync: false }))
  const needsEmulator = services.includes('ec2-publisher') && !hasEc2(process.env)
  await using emulator = needsEmulator ? await emulateEc2(stateFolder, log) : null
  const env = { ...environmentFor({ mirror: values.mirror }), ...emulator?.env }
  const stack = await startStack({ stateFolder, services, env, log })
  try {
    // Only here is the HTTP server needed: other commands do without its memory.
    const { serveHttp } = await import('#service/http.ts')
    const http = await serveHttp({ ...stack, host: values.host, port: parsePort(values.port) })
    log.info({ services, url: http.listeningOrigin, ec2: emulator ? 'emulated' : 'aws' }, 'listening')
    await end
    await http.close()
  } finally {
    await stack.stop(grace)
  }
  return 0
}

function parseServiceName(name: string): ServiceName {
  const known = serviceNames.find((one) => one === name)
  if (!known) throw new UsageError(`there is no service ${JSON.stringify(name)}; there are ${serviceNames.join(', ')}`)
  return known
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new UsageError(`--port: expected a number from 0 to 65535, got ${JSON.stringify(text)}`)
}
