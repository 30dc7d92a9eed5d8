import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { provideServer, type Server } from './server.ts'

interface SshServerOptions {
  /** What stands before the key of the client, as in `authorized_keys`. */
  readonly restrictions?: (folder: string) => string
  /** More lines of sshd's configuration. */
  readonly configuration?: (folder: string) => readonly string[]
}

/** A real sshd on loopback, which lets one key in and has keys of its own. */
export interface SshServer {
  readonly server: Server
  readonly host: string
  readonly port: number
  /** The key that it lets in. */
  readonly identityFile: string
  readonly knownHostsFile: string
  /** A file that names another key for the same host. */
  readonly otherHostsFile: string
  /** A key that it does not let in. */
  readonly otherIdentityFile: string
}

const host = '127.0.0.1'

/** Starts an sshd of our own, for the user whom the tests run as. */
export async function provideSshServer({
  restrictions = () => '',
  configuration = () => [],
}: SshServerOptions = {}): Promise<SshServer> {
  const server = await provideServer({
    name: 'an ssh server',
    urlVariable: 'IMAGEDROP_TEST_NO_SSH_URL',
    program: 'sshd',
    async prepare({ folder, port }) {
      for (const key of ['host', 'other-host', 'client', 'other-client']) {
        await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, key)])
      }
      const publicKey = async (key: string) => await readFile(join(folder, `${key}.pub`), 'utf8')
      await writeFile(join(folder, 'authorized_keys'), `${restrictions(folder)} ${await publicKey('client')}`)
      const name = `[${host}]:${String(port)}`
      await writeFile(join(folder, 'known_hosts'), `${name} ${await publicKey('host')}`)
      await writeFile(join(folder, 'other_hosts'), `${name} ${await publicKey('other-host')}`)
      const lines = [plain(folder, port), ...configuration(folder)]
      await writeFile(join(folder, 'sshd_config'), `${lines.join('\n')}\n`)
      // Where sshd runs as root, it wants this folder, which Debian makes at the start of its own.
      if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
    },
    command: ({ folder }, program) => ({ command: program, args: ['-D', '-e', '-f', join(folder, 'sshd_config')] }),
    url: ({ port }) => `ssh://${host}:${String(port)}`,
    ask: async (url) => {
      const { port } = new URL(url)
      const socket = createConnection(Number(port), host)
      socket.setTimeout(5_000, () => socket.destroy(new Error('it does not greet')))
      await once(socket, 'data').finally(() => socket.destroy())
    },
  })
  const { folder, port } = server.place
  return {
    server,
    host,
    port,
    identityFile: join(folder, 'client'),
    knownHostsFile: join(folder, 'known_hosts'),
    otherHostsFile: join(folder, 'other_hosts'),
    otherIdentityFile: join(folder, 'other-client'),
  }
}

function plain(folder: string, port: number): string {
  return `
Port ${String(port)}
ListenAddress ${host}
HostKey ${folder}/host
PidFile none
AuthorizedKeysFile ${folder}/authorized_keys
# The folder lies below one that everybody may write in.
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no`
}
