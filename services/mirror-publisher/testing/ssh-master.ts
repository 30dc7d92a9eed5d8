import { mkdir } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Server } from '#test/brokers/server.ts'
import { provideSshServer } from '#test/brokers/ssh-server.ts'
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
  const { server, host, port, identityFile, knownHostsFile, ...others } = await provideSshServer({
    restrictions: (folder) => `command="rrsync ${join(folder, 'root')}",restrict`,
  })
  const root = join(server.place.folder, 'root')
  await mkdir(root)
  return {
    server,
    root,
    ...others,
    master: {
      name,
      address: `${userInfo().username}@${host}:/`,
      required: true,
      kibibytesPerSecond: null,
      passwordFile: null,
      identityFile,
      knownHostsFile,
      port,
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
