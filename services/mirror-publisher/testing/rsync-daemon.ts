import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { provideServer, type Server } from '#test/brokers/server.ts'
import type { Master } from '../masters.ts'

const password = 'secret'

/** Another master of a test: a real rsync daemon with a module to push to and one to read from. */
export interface TestMaster extends AsyncDisposable {
  readonly server: Server
  readonly master: Master
  /** Its root on disk. */
  readonly root: string
  /** The address that its readers use. */
  readonly publicAddress: string
}

/** Starts an rsync daemon that takes pushes with a password, as an operator would set it up. */
export async function startMaster(
  name: string,
  { required = true, root: given }: { required?: boolean; root?: string } = {},
): Promise<TestMaster> {
  const rootIn = (folder: string) => given ?? join(folder, 'root')
  const server = await provideServer({
    name: 'an rsync daemon',
    urlVariable: 'IMAGEDROP_TEST_NO_RSYNC_URL',
    program: 'rsync',
    async prepare({ folder }) {
      if (given === undefined) await mkdir(rootIn(folder))
      await writeFile(join(folder, 'secrets'), `imagedrop:${password}\n`, { mode: 0o600 })
      await writeFile(join(folder, 'password'), `${password}\n`, { mode: 0o600 })
      await writeFile(join(folder, 'rsyncd.conf'), configuration(folder, rootIn(folder)))
    },
    command: ({ folder, port }, program) => ({
      command: program,
      args: [
        '--daemon',
        '--no-detach',
        '--address=127.0.0.1',
        `--port=${String(port)}`,
        `--config=${folder}/rsyncd.conf`,
      ],
    }),
    url: ({ port }) => `rsync://127.0.0.1:${String(port)}/`,
    ask: async (url) => {
      await run('rsync', ['--contimeout=5', url])
    },
  })
  const { folder, port } = server.place
  return {
    server,
    root: rootIn(folder),
    publicAddress: `${server.url}public/`,
    master: {
      name,
      address: `rsync://imagedrop@127.0.0.1:${String(port)}/master/`,
      required,
      kibibytesPerSecond: null,
      passwordFile: join(folder, 'password'),
      identityFile: null,
      knownHostsFile: null,
      port: null,
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function configuration(folder: string, root: string): string {
  const isRoot = process.getuid?.() === 0
  return `
use chroot = no
log file = ${folder}/rsyncd.log
pid file = ${folder}/rsyncd.pid
reverse lookup = no

[master]
path = ${root}
read only = no
munge symlinks = no
auth users = imagedrop
secrets file = ${folder}/secrets
${isRoot ? 'uid = root\ngid = root' : ''}

[public]
munge symlinks = no
path = ${root}
exclude = /.staging
${isRoot ? 'uid = nobody\ngid = nogroup' : ''}
`
}
