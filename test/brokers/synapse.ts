import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from './python-venv.ts'
import { provideServer, type Server } from './server.ts'

/** Gives a proof a Synapse, the homeserver that most of Matrix runs on, where anybody may register. */
export async function provideSynapse(): Promise<Server> {
  const bin = await providePythonEnvironment('synapse', ['matrix-synapse==1.163.2'])
  return await provideServer({
    name: 'Synapse',
    urlVariable: 'IMAGEDROP_TEST_NO_URL',
    program: 'synapse_homeserver',
    folders: [bin],
    async prepare({ folder, port }, path) {
      await writeFile(join(folder, 'log.config'), logConfig)
      await writeFile(join(folder, 'homeserver.yaml'), configOf(folder, port))
      await run(path, ['-c', join(folder, 'homeserver.yaml'), '--generate-missing-configs'])
    },
    command: ({ folder }, path) => ({ command: path, args: ['-c', join(folder, 'homeserver.yaml')] }),
    url: ({ port }) => `http://127.0.0.1:${String(port)}`,
    async ask(url) {
      const { status } = await fetch(`${url}/_matrix/client/versions`, { signal: AbortSignal.timeout(5_000) })
      if (status !== 200) throw new Error(`Synapse says ${String(status)}`)
    },
  })
}

/** What it logs goes where the output of every server goes. */
const logConfig = `
version: 1
handlers: { console: { class: logging.StreamHandler } }
root: { level: WARNING, handlers: [console] }
`

const configOf = (folder: string, port: number) => `
server_name: example.org
pid_file: ${folder}/homeserver.pid
listeners:
  - { port: ${String(port)}, bind_addresses: [127.0.0.1], type: http, tls: false, resources: [{ names: [client] }] }
database: { name: sqlite3, args: { database: ${folder}/homeserver.db } }
media_store_path: ${folder}/media
signing_key_path: ${folder}/signing.key
log_config: ${folder}/log.config
macaroon_secret_key: for-a-test-only
trusted_key_servers: []
report_stats: false
enable_registration: true
enable_registration_without_verification: true
`
