import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '#subprocess/run.ts'
import { startContainer, type ContainerKind } from './container.ts'

/** Where one server of a test lives: its own port on loopback, and its own folder where it runs on this host. */
export interface Place {
  /** Empty for a server in a container, or one that is not ours. */
  readonly folder: string
  readonly port: number
}

/** How to start and to ask one kind of server. */
export interface ServerKind {
  readonly name: string
  /** Names an existing server to use instead: `IMAGEDROP_TEST_AMQP_URL`. */
  readonly urlVariable: string
  /** Programs, the first that exists is used; looked for on PATH and in `folders`. */
  readonly program: string
  readonly folders?: readonly string[]
  /** Once, before the first start. */
  readonly prepare?: (place: Place, program: string) => Promise<void>
  readonly command: (
    place: Place,
    program: string,
  ) => { command: string; args: readonly string[]; env?: Readonly<Record<string, string>> }
  readonly url: (place: Place) => string
  /** Resolves when the server answers; throws while it does not. */
  readonly ask: (url: string) => Promise<void>
  /** How the same runs in a container, where an engine answers and the program is not installed. */
  readonly container?: ContainerKind
}

/** A server at work for a test. */
export interface Server extends AsyncDisposable {
  readonly url: string
  readonly place: Place
  /** False for one that is not ours. */
  readonly canRestart: boolean
  /** Ends the process and starts it again on the same data, after `down` milliseconds. */
  restart(options?: { down?: number }): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
}

/** How long a server may take to answer, in milliseconds: they start side by side with the tests of others. */
const startTime = 90_000

/**
 * Gives a test a server of its own: the one that the variable names, else the program of this host, else a container; with
 * `IMAGEDROP_TEST_SERVERS=containers` a container before the program. Without any of them it throws, saying what to
 * install.
 */
export async function provideServer(kind: ServerKind): Promise<Server> {
  const existing = process.env[kind.urlVariable]
  if (existing) return foreign(existing)
  const prefersContainer = process.env['IMAGEDROP_TEST_SERVERS'] === 'containers' && kind.container !== undefined
  const program = prefersContainer ? null : find(kind)
  if (program !== null) return await serve(kind, await prepareProgram(kind, program))
  try {
    if (kind.container) return await serve(kind, await prepareContainer(kind.container))
  } catch (error) {
    throw new Error(`${kind.name}: ${missing(kind)}, or no container can be started (see the cause)`, { cause: error })
  }
  throw new Error(`${kind.name}: ${missing(kind)}`)
}

function missing({ program, urlVariable }: ServerKind): string {
  return `there is no ${program} on this host (run deploy/setup.sh test), ${urlVariable} names no server`
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** What runs a server: a process, or a container. */
interface Runner {
  readonly place: Place
  /** Why it ended by itself, with what tells more; null while it runs. */
  readonly failure: () => unknown
  start(): Promise<void>
  stop(): Promise<void>
  remove(): Promise<void>
}

async function serve(kind: ServerKind, runner: Runner): Promise<Server> {
  const { place } = runner
  const url = kind.url(place)
  async function start(): Promise<void> {
    await runner.start()
    const deadline = Date.now() + startTime
    for (;;) {
      const failure = runner.failure()
      if (failure !== null) throw new Error(`${kind.name} ended by itself`, { cause: failure })
      const answered = await kind.ask(url).then(
        () => true,
        (error: unknown) => error,
      )
      if (answered === true) return
      if (Date.now() > deadline) throw new Error(`${kind.name} does not answer at ${url}`, { cause: answered })
      await sleep(100)
    }
  }
  const dispose = async () => {
    await runner.stop()
    await runner.remove()
  }
  await start().catch(async (error: unknown) => {
    await dispose()
    throw error
  })
  return {
    url,
    place,
    canRestart: true,
    start,
    stop: () => runner.stop(),
    async restart({ down = 0 } = {}) {
      await runner.stop()
      await sleep(down)
      await start()
    },
    [Symbol.asyncDispose]: dispose,
  }
}

async function prepareProgram(kind: ServerKind, program: string): Promise<Runner> {
  const folder = await mkdtemp(join(tmpdir(), `imagedrop-${kind.program}-`))
  // Some servers refuse to run as root and change to an account of theirs.
  await chmod(folder, 0o755)
  const place = { folder, port: await freePort() }
  const log = join(folder, 'server.log')
  let running: { stop: AbortController; ended: Promise<unknown> } | null = null
  let failure: unknown = null
  await kind.prepare?.(place, program)
  return {
    place,
    failure: () => failure,
    start() {
      const { command, args, env } = kind.command(place, program)
      const stop = new AbortController()
      failure = null
      // In its own folder: what it leaves there when it dies, as a dump, goes with it.
      const options = { signal: stop.signal, log, cwd: folder, ...(env ? { env } : {}) }
      const ended = run(command, args, options).catch((error: unknown) => {
        if (!stop.signal.aborted) failure = error
      })
      running = { stop, ended }
      return Promise.resolve()
    },
    async stop() {
      running?.stop.abort(new Error('no longer needed'))
      await running?.ended
      running = null
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

async function prepareContainer(kind: ContainerKind): Promise<Runner> {
  const place = { folder: '', port: await freePort() }
  const container = await startContainer(kind, place.port)
  let runs = true
  return {
    place,
    failure: () => null,
    async start() {
      if (!runs) await container.start()
      runs = true
    },
    async stop() {
      if (runs) await container.stop()
      runs = false
    },
    remove: () => container.remove(),
  }
}

function foreign(url: string): Server {
  const refuse = () => Promise.reject(new Error(`${url} is not ours to start or stop`))
  const place = { folder: '', port: Number(new URL(url).port) }
  const nothing = () => Promise.resolve()
  return { url, place, canRestart: false, restart: refuse, stop: refuse, start: refuse, [Symbol.asyncDispose]: nothing }
}

function find({ program, folders = [] }: ServerKind): string | null {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', ...folders]
  return places.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null
}
