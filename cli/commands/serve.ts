import { environmentFor } from '../environment.ts'
import { readLedgerSettings } from '../backends/settings.ts'
import { defineCommand, type Environment, type Values } from '../command.ts'
import { orGivenUp } from '../given-up.ts'
import { lockServices } from '../lock.ts'
import { logToStandardOutput } from '../log.ts'
import { mirrorOption, stateOption, wholeNumber } from '../options.ts'
import { findServices } from '../services.ts'
import { waitForEnd } from '../signals.ts'
import { startStack, stateFolderOf } from '../stack.ts'
import { startStandIns } from '../stand-ins.ts'
import { prepareStateFolder } from '../state-folder.ts'
import { keepGarbageSmall, tidyMemoryAfterStart } from '../tidy-memory.ts'
import type { Tracing } from '../tracing.ts'

const options = {
  concurrency: {
    value: 'JOBS',
    means: 'how many jobs of each service run at a time in this process',
    otherwise: "the service's own setting",
    example: '2',
    read: wholeNumber(1, 1_000),
  },
  drain: {
    value: 'SECONDS',
    means: 'how long running jobs may go on when the process is told to stop; then they are put back, to be done again',
    default: '10',
    example: '600',
    read: wholeNumber(0, 86_400),
  },
  host: {
    value: 'ADDRESS',
    means: 'the address for HTTP: POST /composes, /live, /ready and /metrics',
    default: '127.0.0.1',
    example: '0.0.0.0',
  },
  port: {
    value: 'PORT',
    means: 'the TCP port for HTTP; 0 is any that is free',
    default: '8080',
    example: '8081',
    read: wholeNumber(0, 65_535),
  },
  mirror: mirrorOption,
  state: stateOption,
} as const

const exits = {
  0: 'stopped as told (SIGTERM, SIGINT)',
  1: 'ledger, bus or a setting cannot be used; the last line says why',
}

export const upCommand = defineCommand({
  name: 'up',
  summary: 'run all services in one process and wait for composes, on the bus and on POST /composes',
  options,
  examples: ['up', 'up --state /var/lib/imagedrop --port 8081'],
  exits,
  run: ({ values, env }) => serve(null, values, env),
})

export const serveCommand = defineCommand({
  name: 'serve',
  summary: 'run chosen services in one process',
  argument: { name: 'SERVICE', many: true, means: 'the services to run, each by the name of its folder' },
  options,
  examples: ['serve scheduler', 'serve converter boot-tester --concurrency 2 --drain 600'],
  exits,
  run: ({ values, args, env }) => serve(args, values, env),
})

/** Runs the services of these names, or (null) all. */
async function serve(
  names: readonly string[] | null,
  { state, mirror, host, port, concurrency, drain }: Values<typeof options>,
  given: Environment,
): Promise<number> {
  keepGarbageSmall()
  const services = await findServices(given)
  const run = names?.map(services.parse) ?? services.names
  const stateFolder = stateFolderOf(state, given)
  await prepareStateFolder(stateFolder)
  const end = waitForEnd()
  // Processes that share a database share the work as well; those that share a file do not need to.
  const alone = readLedgerSettings(given).url === undefined
  using _lock = alone ? await lockServices(stateFolder, run) : null
  const log = logToStandardOutput()
  await using standIns = await startStandIns(services, run, { env: given, stateFolder, log })
  const env = { ...environmentFor(given, { mirror }), ...standIns.env }
  const { countRefusal, measureAttempt } = await import('#service/metrics.ts')
  await using tracing = await startTracing(env)
  const watchers = [measureAttempt, ...(tracing ? [tracing.watch] : [])]
  const options = { stateFolder, services, run, concurrency, env, log, watchers, end, onRefused: countRefusal }
  const stack = await startStack(options)
  try {
    // Only here is the HTTP server needed: other commands do without its memory.
    const { serveHttp } = await import('#service/http.ts')
    await using http = await serveHttp({ ...stack, host, port })
    log.info({ services: run, url: http.url, targets: standIns.notes }, 'listening')
    tidyMemoryAfterStart()
    await orGivenUp(end, [stack.bus, stack.ledger])
  } finally {
    await stack.stop(drain * 1_000)
  }
  return 0
}

/** Off unless the standard variables of OpenTelemetry say where spans go; its library is loaded only then. */
async function startTracing(env: Environment): Promise<Tracing | null> {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_ENDPOINT']
  return endpoint === undefined || endpoint === '' ? null : (await import('../tracing.ts')).startTracing()
}
