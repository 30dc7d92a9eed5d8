import { pino } from 'pino'
import { emulateEc2, hasEc2 } from '../ec2.ts'
import { environmentFor } from '../environment.ts'
import { readLedgerSettings } from '../backends/settings.ts'
import { orGivenUp } from '../given-up.ts'
import { lockServices } from '../lock.ts'
import { parseServiceName, serviceNames, type ServiceName } from '../services.ts'
import { waitForEnd } from '../signals.ts'
import { startStack, stateFolderOf } from '../stack.ts'
import { tidyMemoryAfterStart } from '../tidy-memory.ts'
import type { Tracing } from '../tracing.ts'
import { parseOptions, UsageError, type Command } from '../usage.ts'

type Environment = Readonly<Record<string, string | undefined>>

const options = {
  state: { type: 'string' },
  mirror: { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '8080' },
  concurrency: { type: 'string' },
  drain: { type: 'string', default: '10' },
} as const

export const upCommand: Command = {
  name: 'up',
  usage: 'usage: imagedrop up [--state DIR] [--mirror URL] [--host ADDRESS] [--port PORT] [--drain SECONDS]',
  summary: 'run all services in one process and wait for composes, on the bus and on POST /composes',
  run: (args) => serve(upCommand, args, serviceNames),
}

export const serveCommand: Command = {
  name: 'serve',
  usage:
    'usage: imagedrop serve SERVICE… [--concurrency JOBS] [--drain SECONDS] [--state DIR] [--mirror URL] [--host ADDRESS] [--port PORT]',
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
  const concurrency =
    values.concurrency === undefined ? undefined : parseNumber('concurrency', values.concurrency, 1_000)
  // Running jobs get this long to end by themselves when the process is told to stop; then they are put back.
  const drain = parseNumber('drain', values.drain, 86_400) * 1_000
  const port = parseNumber('port', values.port, 65_535)
  const end = waitForEnd()
  // Processes that share a database share the work as well; those that share a file do not need to.
  const alone = readLedgerSettings(process.env).url === undefined
  await using _lock = alone ? await lockServices(stateFolder, services) : null
  const log = pino(pino.destination({ dest: 1, sync: false }))
  const needsEmulator = services.includes('ec2-publisher') && !hasEc2(process.env)
  await using emulator = needsEmulator ? await emulateEc2(stateFolder, log) : null
  const env = { ...environmentFor({ mirror: values.mirror }), ...emulator?.env }
  const { countRefusal, measureAttempt } = await import('#service/metrics.ts')
  await using tracing = await startTracing(env)
  const watchers = [measureAttempt, ...(tracing ? [tracing.watch] : [])]
  const stack = await startStack({ stateFolder, services, concurrency, env, log, watchers, onRefused: countRefusal })
  try {
    // Only here is the HTTP server needed: other commands do without its memory.
    const { serveHttp } = await import('#service/http.ts')
    const http = await serveHttp({ ...stack, host: values.host, port })
    log.info({ services, url: http.url, ec2: emulator ? 'emulated' : 'aws' }, 'listening')
    tidyMemoryAfterStart()
    await orGivenUp(end, [stack.bus])
    await http.close()
  } finally {
    await stack.stop(drain)
  }
  return 0
}

/** Off unless the standard variables of OpenTelemetry say where spans go; its library is loaded only then. */
async function startTracing(env: Environment): Promise<Tracing | null> {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT']
  return endpoint === undefined || endpoint === '' ? null : (await import('../tracing.ts')).startTracing()
}

function parseNumber(option: string, text: string, most: number): number {
  const number = Number(text)
  const least = option === 'concurrency' ? 1 : 0
  if (Number.isInteger(number) && number >= least && number <= most) return number
  throw new UsageError(
    `--${option}: expected a number from ${String(least)} to ${String(most)}, got ${JSON.stringify(text)}`,
  )
}
