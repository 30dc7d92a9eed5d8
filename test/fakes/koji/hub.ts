import { mkdtemp, rm } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TlsOptions } from 'node:tls'
import { createBuilder, type Builder } from './builder.ts'
import { createDispatcher } from './dispatch.ts'
import { taskFolder } from './folders.ts'
import { createDisturbances, type Disturbances } from './http/disturbances.ts'
import { serve } from './http/serve.ts'
import { expire } from './sessions.ts'
import { createWorld, type World } from './world.ts'

export interface HubOptions {
  readonly now?: () => Date
}

/** One call that a hub has heard, or the path of a file. */
export interface Heard {
  readonly name: string
  readonly body: string
  readonly callnum: string | undefined
  readonly session: string | undefined
}

/** A Koji hub over real HTTP(S), with a builder host that does what it is told to. See README.md for its rules. */
export interface Hub extends AsyncDisposable {
  /** `http://127.0.0.1:…/kojihub` */
  readonly url: string
  /** `http://127.0.0.1:…/kojifiles` */
  readonly files: string
  readonly world: World
  readonly builder: Builder
  readonly disturbances: Disturbances
  readonly heard: readonly Heard[]
  /** Serves the same hub over HTTPS as well, and tells at which addresses. */
  serveTls(tls: TlsOptions): Promise<{ readonly url: string; readonly files: string }>
  /** Lets a session expire, and the sessions below it. */
  expire(session: number): void
  /** Cleans away what a task made, as koji-gc does: `scratch` leaves the links, `all` nothing. */
  collectGarbage(task: number, what: 'scratch' | 'all'): void
}

export async function startHub({ now = () => new Date() }: HubOptions = {}): Promise<Hub> {
  const top = await mkdtemp(join(tmpdir(), 'imagedrop-koji-'))
  const world = createWorld(now)
  const disturbances = createDisturbances()
  const heard: Heard[] = []
  const dispatcher = createDispatcher(world, top)
  const servers: AsyncDisposable[] = []
  const locks = new Map<string, Promise<void>>()

  async function listen(tls: TlsOptions | null, origin: string) {
    const server = await serve({
      dispatcher,
      disturbances,
      top,
      tls,
      locks,
      heard: (name, { body, headers }) => {
        const of = (header: string) => headers[header] as string | undefined
        heard.push({ name, body, callnum: of('koji-session-callnum'), session: of('koji-session-id') })
      },
    })
    servers.push(server)
    const address = `${origin}:${String(server.port)}`
    return { url: `${address}/kojihub`, files: `${address}/kojifiles` }
  }

  return {
    ...(await listen(null, 'http://127.0.0.1')),
    world,
    builder: createBuilder(world, top),
    disturbances,
    heard,
    serveTls: (tls) => listen(tls, 'https://localhost'),
    expire(id) {
      const session = world.sessions.get(id)
      if (session) expire(world, session)
    },
    collectGarbage(task, what) {
      const owner = world.users.find(({ id }) => id === world.tasks.get(task)?.owner)?.name ?? ''
      rmSync(join(top, 'scratch', owner, `task_${String(task)}`), { recursive: true, force: true })
      if (what === 'all') rmSync(taskFolder(top, task), { recursive: true, force: true })
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server[Symbol.asyncDispose]()
      await rm(top, { recursive: true, force: true })
    },
  }
}
