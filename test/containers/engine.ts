import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, type RunOptions, type RunResult } from '#subprocess/run.ts'
import { testCache } from '#test/brokers/make-once.ts'

/** A container engine at work for a test. */
export interface Engine extends AsyncDisposable {
  /** What its clients need in their environment. */
  readonly env: Readonly<Record<string, string>>
  docker(args: readonly string[], options?: RunOptions): Promise<RunResult>
}

/** How long our own engine may take to answer, in milliseconds. */
const startTime = 60_000

/**
 * The engine that answers on this host, else one of our own (Debian's docker.io, as root) that ends with the test. Throws
 * when none can be had: what is tested here must not be skipped unseen.
 */
export async function provideEngine(): Promise<Engine> {
  const client = await findClient()
  const given = process.env['DOCKER_HOST']
  const existing = { DOCKER_BUILDKIT: '1', ...(given === undefined ? {} : { DOCKER_HOST: given }) }
  if (await answers(client, existing)) return engine(client, existing, () => Promise.resolve())
  if (process.getuid?.() !== 0) throw new Error('no container engine answers, and only root can start one')

  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-engine-'))
  const host = `unix://${join(folder, 'socket')}`
  const log = join(folder, 'dockerd.log')
  const end = new AbortController()
  // The images are kept for the next run; the rest goes with the folder.
  const places = ['--data-root', join(testCache(), 'docker'), '--exec-root', join(folder, 'exec')]
  // Ports of containers are for this host alone.
  const options = [...places, '--pidfile', join(folder, 'pid'), '--host', host, '--ip', '127.0.0.1']
  const ended = run('dockerd', options, {
    signal: end.signal,
    log,
  }).then(
    () => new Error('it ended'),
    (error: unknown) => error,
  )
  const env = { DOCKER_BUILDKIT: '1', DOCKER_HOST: host }
  const deadline = Date.now() + startTime
  while (!(await answers(client, env))) {
    const failure = await Promise.race([ended, sleep(300, null)])
    if (failure !== null || Date.now() > deadline) {
      end.abort()
      throw new Error(`no container engine answers and dockerd does not start, see ${log}`, { cause: failure })
    }
  }
  return engine(client, env, async () => {
    end.abort()
    await ended
    await rm(folder, { recursive: true, force: true })
  })
}

function engine(client: string, env: Readonly<Record<string, string>>, dispose: () => Promise<void>): Engine {
  return {
    env,
    docker: (args, options) => run(client, args, { env, ...options }),
    [Symbol.asyncDispose]: dispose,
  }
}

async function answers(client: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  return await run(client, ['info'], { env, deadline: 10_000 }).then(
    () => true,
    () => false,
  )
}

/** The first docker on PATH that can hand secrets to a build: newer ones need a plug-in for that. */
async function findClient(): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const client = join(folder, 'docker')
    const help = await run(client, ['build', '--help'], { env: { DOCKER_BUILDKIT: '1' } }).catch(() => null)
    if (help?.stdout.includes('--secret')) return client
  }
  throw new Error('there is no docker with BuildKit on this host; on Debian, install docker.io and docker-compose')
}
