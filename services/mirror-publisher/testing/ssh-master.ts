import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { provideServer, type Server } from '#test/brokers/server.ts'
import type { Master } from '../masters.ts'

/** Another master of a test, behind a real sshd: the key may run rrsync in one folder, and nothing else. */
export interface SshMaster extends AsyncDisposable {
  readonly server: Server
  readonly master: Master
  /** Its root on disk. */
  readonly root: string
  /** A file that names another key for the same host. */
  readonly otherHostsFile: string
  /** A key that the host does not let in. */
  readonly otherIdentityFile: string
}

/** Starts an sshd of our own, with keys of its own, as an operator would set it up for pushes. */
export async function startSshMaster(name: string): Promise<SshMaster> {
  const server = await provideServer({
    name: 'an ssh server',
    urlVariable: 'IMAGEDROP_TEST_NO_SSH_URL',
    program: 'sshd',
    async prepare({ folder, port }) {
      await mkdir(join(folder, 'root'))
      for (const key of ['host', 'other-host', 'client', 'other-client']) {
        await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, key)])
      }
      const publicKey = async (key: string) => await readFile(join(folder, `${key}.pub`), 'utf8')
      const forced = `command="rrsync ${join(folder, 'root')}",restrict`
      await writeFile(join(folder, 'authorized_keys'), `${forced} ${await publicKey('client')}`)
      const host = `[127.0.0.1]:${String(port)}`
      await writeFile(join(folder, 'known_hosts'), `${host} ${await publicKey('host')}`)
      await writeFile(join(folder, 'other_hosts'), `${host} ${await publicKey('other-host')}`)
      await writeFile(join(folder, 'sshd_config'), configuration(folder, port))
      // Where sshd runs as root, it wants this folder, which Debian makes at the start of its own.
      if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
    },
    command: ({ folder }, program) => ({ command: program, args: ['-D', '-e', '-f', join(folder, 'sshd_config')] }),
    url: ({ port }) => `ssh://127.0.0.1:${String(port)}`,
    ask: async (url) => {
      const { port } = new URL(url)
      const socket = createConnection(Number(port), '127.0.0.1')
      socket.setTimeout(5_000, () => socket.destroy(new Error('it does not greet')))
      await once(socket, 'data').finally(() => socket.destroy())
    },
  })
  const { folder, port } = server.place
  return {
    server,
    root: join(folder, 'root'),
    otherHostsFile: join(folder, 'other_hosts'),
    otherIdentityFile: join(folder, 'other-client'),
    master: {
      name,
      address: `${userInfo().username}@127.0.0.1:/`,
      required: true,
      kibibytesPerSecond: null,
      passwordFile: null,
      identityFile: join(folder, 'client'),
      knownHostsFile: join(folder, 'known_hosts'),
      port,
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function configuration(folder: string, port: number): string {
  return `
Port ${String(port)}
ListenAddress 127.0.0.1
HostKey ${folder}/host
PidFile none
AuthorizedKeysFile ${folder}/authorized_keys
# The folder lies below one that everybody may write in.
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
`
}
