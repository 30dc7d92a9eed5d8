import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { run } from '#subprocess/run.ts'
import { installPackages, providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { packageFolder } from '../../deploy/fedora-messages/generate.ts'

/** What the peer says of one message. */
export interface Said {
  readonly refused?: string
  readonly class: string
  readonly id: string
  readonly topic: string
  readonly severity: number
  readonly summary: string
  readonly text: string
  readonly url: string | null
  readonly app: string
  readonly agent: string | null
  readonly usernames: readonly string[]
  readonly packages: readonly string[]
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
  /** Warnings of the library up to then. */
  readonly complaints: readonly string[]
}

/** A Python program with the real fedora-messaging library and our schema package. */
export interface Peer extends AsyncDisposable {
  ask(args: readonly string[], lines?: readonly { subject: string; body: unknown }[]): Promise<Said[]>
}

/** Installs the library (once on this machine) and our package (each time), and points both to a broker. */
export async function startPeer(brokerUrl: string, topicPrefix: string): Promise<Peer> {
  const bin = await providePythonEnvironment('fedora-messaging', ['fedora-messaging==3.9.1', 'setuptools>=61', 'wheel'])
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-peer-'))
  const installed = join(folder, 'installed')
  // pip builds where the source is, so it gets a copy.
  await cp(packageFolder, join(folder, 'source'), { recursive: true })
  await installPackages(bin, ['--no-deps', '--no-build-isolation', '--target', installed, join(folder, 'source')])
  const config = join(folder, 'config.toml')
  await writeFile(config, `amqp_url = "${brokerUrl}"\ntopic_prefix = "${topicPrefix}"\n`)
  const env = { PYTHONPATH: installed, FEDORA_MESSAGING_CONF: config }
  const program = join(import.meta.dirname, 'peer.py')
  return {
    async ask(args, lines = []) {
      const said: Said[] = []
      await run(join(bin, 'python'), [program, ...args], {
        env,
        deadline: 120_000,
        input: Readable.from(lines.map((line) => `${JSON.stringify(line)}\n`)),
        onLine(line) {
          if (line.startsWith('{')) said.push(JSON.parse(line) as Said)
        },
      })
      return said
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
