import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'

/** What the library made of one line. */
export interface Said {
  readonly value?: unknown
  readonly fault?: number
  readonly text?: string
  readonly error?: string
  readonly method?: string
  readonly args?: unknown
  readonly keywords?: unknown
}

/** Koji's own client: its library, and its command line. */
export interface KojiClient extends AsyncDisposable {
  /** Has the library do one thing after the other, in one session. */
  say(lines: readonly object[]): Promise<Said[]>
  /** Runs `koji …` as a user of a hub. */
  command(
    hub: { readonly url: string; readonly files: string },
    args: readonly string[],
    user?: string,
  ): Promise<CommandEnd>
}

export interface CommandEnd {
  readonly code: number
  readonly output: string
}

/** Without what Kerberos needs, which has to be compiled. */
const packages = [
  '--no-deps',
  'koji==1.36.1',
  'requests==2.34.2',
  'six==1.17.0',
  'python-dateutil==2.9.0.post0',
  'defusedxml==0.7.1',
  'urllib3==2.8.0',
  'idna==3.20',
  'certifi==2026.10.19.post1',
  'charset-normalizer==3.5.3',
]

/** Installs Koji's client, once on this machine. */
export async function provideKojiClient(): Promise<KojiClient> {
  const bin = await providePythonEnvironment('koji', packages)
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-koji-client-'))
  return {
    async say(lines) {
      const said: Said[] = []
      await run(join(bin, 'python'), [join(import.meta.dirname, 'client.py')], {
        deadline: 120_000,
        input: Readable.from(lines.map((line) => `${JSON.stringify(line)}\n`)),
        onLine(line) {
          if (line.startsWith('{')) said.push(JSON.parse(line) as Said)
        },
      })
      return said
    },
    async command(hub, args, user = 'imagedrop') {
      const config = join(folder, `${user}.conf`)
      const settings = {
        server: hub.url,
        topurl: hub.files,
        weburl: hub.url,
        authtype: 'password',
        user,
        password: 'dummy-password',
      }
      const lines = Object.entries({ ...settings, poll_interval: '1', max_retries: '2', retry_interval: '1' })
      await writeFile(config, `[koji]\n${lines.map(([name, value]) => `${name} = ${value}\n`).join('')}`)
      const login = ['--authtype', 'password', '--user', user, '--password', 'dummy-password']
      const said: string[] = []
      const { code } = await run(join(bin, 'python'), [join(bin, 'koji'), '--config', config, ...login, ...args], {
        deadline: 120_000,
        okCodes: [0, 1, 2],
        cwd: folder,
        onLine: (line) => said.push(line),
      })
      return { code, output: said.join('\n') }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
