import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '#subprocess/run.ts'

/** Where one server of a test lives: its own folder, its own port on loopback. */
export interface Place {
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
  /** Starts the same in a container, where an engine answers and the program is not installed. */
  readonly contain?: () => Promise<{ url: string; stop: () => Promise<void> }>
}

/** A server at work for a test. */
export interface Server extends AsyncDisposable {
  readonly url: string
  readonly place: Place
  /** Ends the process and starts it again on the same data, after `down` milliseconds. */
  restart(options?: { down?: number }): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
}

/** How long a server may take to answer, in milliseconds: they start side by side with the tests of others. */
const startTime = 90_000

/**
 * Gives a test a server of its own: the one that the variable names, else the program of this host, else a container.
 * Without any of them it throws, saying what to install.
 */
export async function provideServer(kind: ServerKind): Promise<Server> {
  const existing = process.env[kind.urlVariable]
  if (existing) return foreign(existing)
  const program = find(kind)
  if (program !== null) return await startOwn(kind, program)
  const contained = await kind.contain?.().catch(() => null)
  if (contained) return { ...foreign(contained.url), [Symbol.asyncDispose]: contained.stop }
  throw new Error(
    `${kind.name}: there is no ${kind.program} on this host and no container engine answers; ` +
      `run deploy/setup.sh test, or name a server in ${kind.urlVariable}`,
  )
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function startOwn(kind: ServerKind, program: string): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), `imagedrop-${kind.program}-`))
  // Some servers refuse to run as root and change to an account of theirs.
  await chmod(folder, 0o755)
  const place = { folder, port: await freePort() }
  const url = kind.url(place)
  let running: { stop: AbortController; ended: Promise<unknown> } | null = null
  await kind.prepare?.(place, program)

  async function start(): Promise<void> {
    const { command, args, env } = kind.command(place, program)
    const stop = new AbortController()
    let failure: unknown = null
    const ended = run(command, args, {
      signal: stop.signal,
      log: join(folder, 'server.log'),
      ...(env ? { env } : {}),
    }).catch((error: unknown) => {
      if (!stop.signal.aborted) failure = error
    })
    running = { stop, ended }
    const deadline = Date.now() + startTime
    for (;;) {
      if (failure !== null) throw new Error(`${kind.name} ended: see ${join(folder, 'server.log')}`, { cause: failure })
      const answered = await kind.ask(url).then(
        () => true,
        (error: unknown) => error,
      )
      if (answered === true) return
      if (Date.now() > deadline) throw new Error(`${kind.name} does not answer at ${url}`, { cause: answered })
      await sleep(100)
    }
  }
  async function stop(): Promise<void> {
    running?.stop.abort(new Error('no longer needed'))
    await running?.ended
    running = null
  }
  await start()
  return {
    url,
    place,
    start,
    stop,
    async restart({ down = 0 } = {}) {
      await stop()
      await sleep(down)
      await start()
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function foreign(url: string): Server {
  const refuse = () => Promise.reject(new Error(`${url} is not ours to start or stop`))
  const place = { folder: '', port: Number(new URL(url).port) }
  return { url, place, restart: refuse, stop: refuse, start: refuse, [Symbol.asyncDispose]: () => Promise.resolve() }
}

function find({ program, folders = [] }: ServerKind): string | null {
  const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', ...folders]
  return places.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null
}
