import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { run, type RunOptions } from '#subprocess/run.ts'
import { freePort } from '#test/brokers/server.ts'
import { provideBaseImages, readServerImages } from './base-images.ts'
import type { Engine } from './engine.ts'
import { readNpmSettings } from './npm-settings.ts'

const root = join(import.meta.dirname, '..', '..')

/** compose.yaml at work, with steps that do nothing. */
export interface ContainerStack extends AsyncDisposable {
  compose(args: readonly string[], options?: RunOptions): Promise<string>
  /** Ids of the containers of a service that run. */
  containers(service: string): Promise<string[]>
  /** Rows of the ledger, their columns with tabs between them. */
  query(sql: string): Promise<string[]>
  /** Lets converters work, but not record that they are done, until the result is called. */
  holdConverters(): Promise<() => Promise<void>>
  /** Hands in a message over HTTP, as `POST /composes`. */
  handIn(message: { topic: string; body: unknown }): Promise<void>
}

/** The ledger forgets who held a lease when the job is done; the test does not. And converters can be held up. */
const triggers = `
  create table leases (service text, owner text, at timestamptz default now());
  create function record_lease() returns trigger language plpgsql security definer as
    $$ begin insert into leases values (new.service, new.lease_owner); return null; end $$;
  create trigger record_lease after update on jobs for each row
    when (new.lease_owner is not null and new.lease_owner is distinct from old.lease_owner)
    execute function record_lease();
  create function hold_converters() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock_shared(42); return new; end $$;
  create trigger hold_converters before update on jobs for each row
    when (new.service = 'converter' and new.state = 'done')
    execute function hold_converters()`

/** Builds the image and starts everything; waits for nothing but the migration. */
export async function startContainers(engine: Engine): Promise<ContainerStack> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-containers-'))
  const image = `imagedrop:test-${randomBytes(4).toString('hex')}`
  await buildImage(engine, image, folder)

  const [token, port] = [randomBytes(16).toString('hex'), await freePort()]
  const policy = join(folder, 'drops.yaml')
  const shipped = await readFile(join(root, 'deploy', 'drops.yaml'), 'utf8')
  await writeFile(policy, shipped.replaceAll('nightly: false', 'nightly: true'))
  const env: Record<string, string> = {
    ...engine.env,
    IMAGEDROP_IMAGE: image,
    ...(await readSecrets()),
    SCHEDULER_TOKEN: token,
    SCHEDULER_PORT: String(port),
    ALLOWED_LOCATIONS: '/var/lib/imagedrop',
    TEST_POLICY: policy,
  }
  const [program, ...first] = await findCompose()
  const files = [join(root, 'compose.yaml'), join(import.meta.dirname, 'null-engines.yaml')]
  const project = ['--project-name', image.replace(':', '-'), ...files.flatMap((file) => ['--file', file])]
  const compose = async (args: readonly string[], options: RunOptions = {}) =>
    (await run(program, [...first, ...project, ...args], { env, cwd: folder, ...options })).stdout

  const stack: ContainerStack = {
    compose,
    containers: async (service) => lines(await compose(['ps', '--quiet', service])),
    query: async (sql) => {
      const psql = ['psql', '--host=127.0.0.1', '--username=imagedrop', '--dbname=imagedrop', '-At', '-F', '\t']
      const password = `PGPASSWORD=${env['DATABASE_PASSWORD'] ?? ''}`
      return lines(
        await compose(['exec', '-T', '-e', password, 'postgres', ...psql, '-c', sql], { input: Readable.from([]) }),
      )
    },
    async holdConverters() {
      const held = stack.query('select pg_advisory_lock(42), pg_sleep(600)').catch(() => [])
      const holder = "from pg_stat_activity where query like '%pg_sleep(600)%' and wait_event = 'PgSleep'"
      while ((await stack.query(`select pid ${holder}`)).length === 0) await sleep(100)
      return async () => {
        await stack.query(`select pg_terminate_backend(pid) ${holder}`)
        await held
      }
    },
    async handIn(message) {
      const response = await fetch(`http://127.0.0.1:${String(port)}/composes`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(message),
      })
      if (response.status !== 202) throw new Error(`the scheduler answers ${String(response.status)}`)
    },
    async [Symbol.asyncDispose]() {
      await compose(['down', '--volumes', '--timeout', '20'])
      await engine.docker(['image', 'rm', '--force', image])
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await compose(['up', '--detach'], { log: join(folder, 'up.log') })
    await stack.query(triggers)
  } catch (error) {
    console.error(await compose(['logs', '--no-color', '--tail', '40']))
    await stack[Symbol.asyncDispose]()
    throw error
  }
  return stack
}

/** As the top of compose.yaml says. */
async function readSecrets(): Promise<Record<string, string>> {
  const { stdout } = await run('bash', [join(root, 'deploy', 'secrets.sh')])
  return Object.fromEntries(lines(stdout).map((line) => [line.split('=')[0] ?? '', line.split('=')[1] ?? '']))
}

async function buildImage(engine: Engine, image: string, folder: string): Promise<void> {
  const npm = await readNpmSettings(folder)
  const containerfile = join(root, 'deploy', 'Containerfile')
  const bases = /ARG BASE=(\S+)/.exec(await readFile(containerfile, 'utf8'))?.slice(1) ?? []
  await provideBaseImages(engine, [...bases, ...(await readServerImages())], npm)
  const options = ['--network', 'host', ...npm.buildOptions, '--file', containerfile, '--tag', image]
  await engine.docker(['build', ...options, root], { log: join(folder, 'build.log') })
}

/** Debian's docker-compose, or the plug-in of newer Docker. */
async function findCompose(): Promise<[string, ...string[]]> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const [name, ...args] of [['docker-compose'], ['docker', 'compose']] as const) {
      const found = await run(join(folder, name), [...args, 'version']).catch(() => null)
      if (found) return [join(folder, name), ...args]
    }
  }
  throw new Error('there is no docker compose on this host; on Debian, install docker-compose')
}

function lines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '')
}
