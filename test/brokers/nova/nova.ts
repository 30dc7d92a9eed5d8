import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { relay } from '../../../services/boot-tester/machines/qemu/cloud-network/relay.ts'
import { administratorOf, cloudsYaml, passwordOf } from '../openstack/accounts.ts'
import { freePort } from '../server.ts'
import { guestNetwork, keystoneUrl, readyLine, socketOf, type Layout } from './layout.ts'

/** A real OpenStack that boots guests: Keystone, Glance, Placement and Nova with QEMU, in namespaces of its own. */
export interface NovaCloud extends AsyncDisposable {
  /** The network that guests can be put into. */
  readonly network: string
  /** 2 GiB of disk, 1 GiB of memory, one processor. */
  readonly flavor: string
  /** What Nova says of the guests that it makes; its users are not told why it makes none. */
  readonly computeLog: () => Promise<string>
  /** Makes an account with a project of its own, and a clouds.yaml whose cloud is called `nova`. */
  readonly addAccount: (name: string) => Promise<NovaAccount>
}

/** A member of a project of its own. */
export interface NovaAccount {
  readonly cloudsFile: string
  /** Names of what is in the project now, as the services themselves say. */
  readonly owned: () => Promise<Readonly<Record<'servers' | 'images' | 'keys', readonly string[]>>>
}

type NovaOptions = Partial<Pick<Layout, 'configDrives'>>

/** How long the start may take, in milliseconds: half a minute on a quiet machine of two processors. */
const startTime = 300_000

/** Starts it. It needs root, and the packages that `deploy/setup.sh openstack` installs. */
export async function startNova({ configDrives = 'iso9660' }: NovaOptions = {}): Promise<NovaCloud> {
  assertHost()
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-nova-'))
  const ports = { keystone: await freePort(), glance: await freePort(), nova: await freePort() }
  const layout: Layout = { folder, ports, configDrives }
  await using cleaning = new AsyncDisposableStack()
  cleaning.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

  const stop = new AbortController()
  const ready = Promise.withResolvers<undefined>()
  const ended = runInside(layout, stop.signal, (line) => {
    if (line === readyLine) ready.resolve(undefined)
  })
  cleaning.defer(async () => {
    stop.abort(new Error('no longer needed'))
    await Promise.allSettled([ended])
  })
  const late = AbortSignal.timeout(startTime)
  late.addEventListener('abort', () => {
    ready.reject(new Error(`OpenStack is not ready within ${String(startTime / 1000)} s`))
  })
  try {
    await Promise.race([ready.promise, ended])
  } catch (cause) {
    throw new Error(`OpenStack did not start\n${await lastWords(folder)}`, { cause })
  }
  ended.catch(() => {})
  for (const port of Object.values(ports)) {
    const server = await relay({ host: '127.0.0.1', port }, { path: socketOf(folder, port) })
    cleaning.defer(() => {
      server.close()
    })
  }
  const keystone = keystoneUrl(layout)
  const administrator = await administratorOf(keystone)
  const at = {
    nova: `http://127.0.0.1:${String(ports.nova)}/v2.1`,
    glance: `http://127.0.0.1:${String(ports.glance)}/v2`,
  }
  await administrator.ask('POST', `${at.nova}/flavors`, {
    flavor: { id: flavor, name: flavor, ram: 1024, disk: 2, vcpus: 1 },
  })
  const running = cleaning.move()
  return {
    network: guestNetwork.id,
    flavor,
    computeLog: () => readFile(join(folder, 'nova-compute.log'), 'utf8'),
    async addAccount(name) {
      const account = { user: name, password: 'secret', project: `project of ${name}` }
      await administrator.addAccount(account)
      const cloudsFile = join(folder, `${name}.yaml`)
      await writeFile(cloudsFile, cloudsYaml('nova', keystone, account))
      const list = async (url: string) => {
        const { token } = await administrator.ask('POST', '/auth/tokens', passwordOf(account), '')
        return (await administrator.ask('GET', url, undefined, token)).body
      }
      return {
        cloudsFile,
        owned: async () => ({
          servers: ((await list(`${at.nova}/servers`)) as { servers: Named[] }).servers.map(({ name }) => name),
          images: ((await list(`${at.glance}/images`)) as { images: Named[] }).images.map(({ name }) => name),
          keys: ((await list(`${at.nova}/os-keypairs`)) as { keypairs: { keypair: Named }[] }).keypairs.map(
            ({ keypair }) => keypair.name,
          ),
        }),
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

interface Named {
  readonly name: string
}

const flavor = 'small'

const novaApi = '/usr/bin/nova-api'

/** Whether this host can: continuous integration must on the release that set-up knows the packages of, others may go without. */
export const canRunNova = isExpected() || (isRoot() && existsSync(novaApi))

function isExpected(): boolean {
  return process.env['CI'] !== undefined && /^VERSION_CODENAME=bookworm$/m.test(readFileSync('/etc/os-release', 'utf8'))
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function assertHost(): void {
  if (!isRoot()) throw new Error('Nova needs root: it makes namespaces, a bridge, and file systems in memory')
  if (!existsSync(novaApi)) throw new Error('there is no Nova on this host (run deploy/setup.sh openstack)')
}

async function runInside(layout: Layout, signal: AbortSignal, onLine: (line: string) => void): Promise<never> {
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  // The first process of a namespace inherits its orphans, which bash sees off and Node does not: libvirt waits for that.
  const init = ['bash', '-c', '"$@"; exit $?', 'bash']
  const program = [process.execPath, join(import.meta.dirname, 'main.ts'), JSON.stringify(layout)]
  await run('unshare', [...namespaces, ...init, ...program], { signal, onLine, log: join(layout.folder, 'main.log') })
  throw new Error('OpenStack ended by itself')
}

/** The last that each part has said. */
async function lastWords(folder: string): Promise<string> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'))
  const texts = await Promise.all(
    logs.map(async (name) => `${name}: ${(await readFile(join(folder, name), 'utf8')).slice(-600)}`),
  )
  return texts.join('\n')
}
